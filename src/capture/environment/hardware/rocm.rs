//! AMD's GPUs: as `rocm-smi` prints them.

use serde_json::{Map, Value};

use super::nvidia::MAX_GPUS;
use super::{Gpu, Gpus, short};

/// What `rocm-smi` is asked.
pub(super) const QUESTION: [&str; 5] = ["--showproductname", "--showmeminfo", "vram", "--showdriverversion", "--json"];

/// Read its answer: `{"card0": {"Card Series": …, "VRAM Total Memory (B)": …}, "system": {"Driver version": …}}`. The keys' case differs between versions.
pub fn parse(answer: &str) -> Gpus {
    // Warnings may come first.
    let json = answer.find('{').map_or("", |at| &answer[at..]);
    let cards: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let number = |name: &str| name.strip_prefix("card").and_then(|number| number.parse::<u32>().ok());
    let mut numbered: Vec<(u32, &Value)> =
        cards.iter().filter_map(|(name, card)| Some((number(name)?, card))).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let gpus = numbered.into_iter().take(MAX_GPUS).map(|(_, card)| {
        let names = ["card series", "card model", "card sku"].into_iter();
        let name = names.filter_map(|key| text(card, key)).find(|name| !name.is_empty() && *name != "N/A");
        let bytes = text(card, "vram total memory (b)").and_then(|bytes| bytes.parse::<u64>().ok());
        Gpu { name: short(name.unwrap_or("AMD GPU")), memory: bytes.map(|bytes| bytes >> 20) }
    });
    let driver = cards.get("system").and_then(|system| text(system, "driver version"));
    Gpus { driver: driver.map(|version| format!("amdgpu {}", short(version))), gpus: gpus.collect() }
}

fn text<'a>(card: &'a Value, key: &str) -> Option<&'a str> {
    card.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?.1.as_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Gpu, MAX_GPUS, parse};

    #[test]
    fn an_answer_is_read() {
        let found = parse(
            r#"WARNING: x
{"card10": {"Card Series": "N/A", "Card Model": "0x1"},
 "card2": {"Card series": "AMD Instinct MI250X", "VRAM Total Memory (B)": "68702699520"}, "system": {"Driver version": "6.3.6"}}"#,
        );
        assert_eq!(found.driver.as_deref(), Some("amdgpu 6.3.6"));
        assert_eq!(found.gpus[0], Gpu { name: "AMD Instinct MI250X".to_owned(), memory: Some(65520) });
        assert_eq!(found.gpus[1], Gpu { name: "0x1".to_owned(), memory: None });
    }

    proptest! {
        #[test]
        fn any_answer_is_read(text in any::<String>(), card in "[a-z0-9]{0,6}", value in any::<String>()) {
            assert!(parse(&text).gpus.len() <= MAX_GPUS);
            let json = serde_json::json!({format!("card{card}"): {"Card Series": value}, "system": value});
            let _ = parse(&json.to_string());
        }
    }
}
