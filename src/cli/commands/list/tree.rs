//! Which experiment started from which. Pure.

use std::collections::HashMap;

use super::experiments::Line;
use crate::model::id::Id;

/// Put every experiment below the one it started from, and give the strokes before each name.
///
/// An experiment descends from the one that `start --from` names, else from the one that it lies on top of: whose commit (its registration's or that of a
/// run) is its base.
pub(super) fn arrange(lines: &mut Vec<Line<'_>>) -> Vec<String> {
    let at: HashMap<Id, usize> = lines.iter().enumerate().map(|(at, line)| (line.experiment.id, at)).collect();
    let mut of_commit: HashMap<&str, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        of_commit.insert(line.experiment.current.told().commit, at);
        line.runs.iter().for_each(|run| _ = of_commit.entry(run.commit()).or_insert(at));
    }
    let parent = |child: usize| {
        let current = &lines[child].experiment.current;
        let from = current.from.and_then(|id| at.get(&id).copied());
        from.or_else(|| of_commit.get(current.told().base).copied()).filter(|parent| *parent != child)
    };
    let parents: Vec<Option<usize>> = (0..lines.len()).map(parent).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    let mut roots = Vec::new();
    for child in 0..lines.len() {
        match parents[child].filter(|parent| !descends(&parents, *parent, child)) {
            Some(parent) => children[parent].push(child),
            None => roots.push(child),
        }
    }
    let mut order: Vec<(usize, String)> = Vec::new();
    // Last in, first out: the last root first. Each waits with the strokes of those above it.
    let mut waiting: Vec<(usize, String, String)> =
        roots.into_iter().rev().map(|root| (root, String::new(), String::new())).collect();
    while let Some((node, own, below)) = waiting.pop() {
        order.push((node, own));
        let last = children[node].len().saturating_sub(1);
        for (nth, child) in children[node].iter().enumerate().rev() {
            let (stroke, space) = if nth == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            waiting.push((*child, format!("{below}{stroke}"), format!("{below}{space}")));
        }
    }
    let mut slots: Vec<Option<Line<'_>>> = std::mem::take(lines).into_iter().map(Some).collect();
    let mut strokes = Vec::with_capacity(order.len());
    for (node, own) in order {
        lines.extend(slots[node].take());
        strokes.push(own);
    }
    strokes
}

/// Whether `node` has `ancestor` above it: facts from elsewhere may name each other in a circle.
fn descends(parents: &[Option<usize>], node: usize, ancestor: usize) -> bool {
    let (mut at, mut steps) = (Some(node), 0);
    while let Some(node) = at.filter(|_| steps <= parents.len()) {
        if node == ancestor {
            return true;
        }
        at = parents[node];
        steps += 1;
    }
    steps > parents.len()
}
