//! The forms of secrets that are known. One table: the code, the documentation and the tests read it.
//!
//! Lengths are what the issuers use now or a little less, so that a longer form of tomorrow is masked whole. `gitleaks` is the rule of that name in
//! gitleaks 8.30, `config/gitleaks.toml` (MIT).

/// A form of secrets.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as masks have it.
    pub name: &'static str,
    /// What it finds.
    pub what: &'static str,
    /// Texts, in any case, without one of which there is no such secret: only where one stands is looked closer.
    pub starts: &'static [&'static str],
    /// How it looks from there on.
    pub form: Form,
    /// Where the form is documented.
    pub source: &'static str,
}

/// How a secret looks.
#[derive(Debug)]
pub enum Form {
    /// A pattern that begins where the start stands. If it has a group, that is the secret.
    Token(&'static str),
    /// The same, but not in the middle of a word: the start is too usual.
    Word(&'static str),
    /// The same as `Word`, if there is a digit in it: otherwise it is a word of a language.
    Digits(&'static str),
    /// The value behind a name.
    Named,
    /// The password in `scheme://user:password@host`.
    Url,
    /// All from the line that begins a PEM block to the one that ends it.
    Pem,
}

use Form::{Digits, Named, Pem, Token, Url, Word};

/// The rule of patterns of `.xp.toml`.
pub const PATTERN: &str = "pattern";

/// All rules.
pub const RULES: &[Rule] = &[
    Rule {
        name: "named",
        what: "the value of an option, variable, param or key that is named like a secret (below)",
        // Those that [`super::names::roots`] says.
        starts: &[],
        form: Named,
        source: "gitleaks generic-api-key",
    },
    Rule {
        name: "url-password",
        what: "the password in `scheme://user:password@host`",
        starts: &["://"],
        form: Url,
        source: "RFC 3986 section 3.2.1",
    },
    Rule {
        name: "authorization",
        what: "the credentials of an `Authorization` header",
        starts: &["authorization"],
        form: Word(
            r#"(?i)authorization\\?["']?\s{0,3}[:=,]\s{0,3}\\?["']?(?:(?:basic|bearer|token|apikey|digest)\s{1,3})?([^\s"'<>,;\\]{6,})"#,
        ),
        source: "RFC 9110 section 11.6.2",
    },
    Rule {
        name: "bearer-token",
        what: "what follows `Bearer`",
        starts: &["bearer "],
        form: Digits(r"(?i)bearer\s{1,3}([A-Za-z0-9_~+/.=-]{16,})"),
        source: "RFC 6750 section 2.1",
    },
    Rule {
        name: "private-key",
        what: "a PEM block of a private key, whole",
        starts: &["-----begin"],
        form: Pem,
        source: "RFC 7468; gitleaks private-key",
    },
    Rule {
        name: "jwt",
        what: "a JSON web token",
        starts: &["eyj"],
        form: Word(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
        source: "RFC 7519 section 3.1",
    },
    Rule {
        name: "github-token",
        what: "a GitHub token: `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_`, `github_pat_`",
        starts: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        form: Token(r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
        source: "docs.github.com, About authentication to GitHub, token formats; gitleaks github-pat",
    },
    Rule {
        name: "gitlab-token",
        what: "a GitLab token: `glpat-`, `gldt-`, `glrt-`, `glptt-`, `glcbt-`, `gloas-`, `glsoat-`, `glft-`, `glagent-`",
        starts: &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "gloas-", "glsoat-", "glft-", "glagent-"],
        form: Token(r"gl(?:pat|dt|rt|ptt|cbt|oas|soat|ft|agent)-[A-Za-z0-9_.-]{20,}"),
        source: "docs.gitlab.com, Token overview, token prefixes; gitleaks gitlab-pat",
    },
    Rule {
        name: "aws-access-key",
        what: "an AWS access key id: `AKIA`, `ASIA`, `ABIA`, `ACCA`",
        starts: &["akia", "asia", "abia", "acca"],
        form: Word(r"(A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16})(?:[^A-Za-z0-9]|$)"),
        source: "docs.aws.amazon.com, IAM identifiers, unique ID prefixes; gitleaks aws-access-token",
    },
    Rule {
        name: "aws-secret-key",
        what: "40 characters of Base64 beside `aws` and `secret` or `key`",
        starts: &["aws"],
        form: Token(r#"(?i)aws[^\n]{0,24}?(?:secret|key)[^\n]{0,24}?[\s"'=:]([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#),
        source: "docs.aws.amazon.com, IAM, Manage access keys",
    },
    Rule {
        name: "google-api-key",
        what: "a Google API key: `AIza`",
        starts: &["aiza"],
        form: Token(r"AIza[A-Za-z0-9_-]{35}"),
        source: "gitleaks gcp-api-key",
    },
    Rule {
        name: "google-oauth",
        what: "a Google OAuth token or client secret: `ya29.`, `GOCSPX-`",
        starts: &["ya29.", "gocspx-"],
        form: Word(r"(?:ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})"),
        source: "developers.google.com, Using OAuth 2.0",
    },
    Rule {
        name: "azure-key",
        what: "the key of an Azure storage account, `AccountKey=`, or of a service bus, `SharedAccessKey=`",
        starts: &["accountkey=", "sharedaccesskey="],
        form: Token(r"(?i)(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})"),
        source: "learn.microsoft.com, Configure Azure Storage connection strings",
    },
    Rule {
        name: "azure-sas",
        what: "the signature of an Azure shared access signature, `sig=`",
        starts: &["sig="],
        form: Word(r"sig=([A-Za-z0-9+/%]{40,}={0,2})"),
        source: "learn.microsoft.com, Create a service SAS",
    },
    Rule {
        name: "huggingface-token",
        what: "a Hugging Face token: `hf_`, `api_org_`",
        starts: &["hf_", "api_org_"],
        form: Word(r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
        source: "huggingface.co/docs/hub/security-tokens; gitleaks huggingface-access-token",
    },
    Rule {
        name: "wandb-key",
        what: "a Weights & Biases key: `wandb_v1_`, or 40 hex digits beside `wandb` and `key` or `login`",
        starts: &["wandb"],
        form: Token(
            r"(?i)(?:wandb[^\n]{0,24}?(?:key|login)[^\n]{0,24}?[\s'=:\x22]([0-9a-f]{40})(?:[^0-9a-zA-Z]|$)|(wandb_v1_[A-Za-z0-9_]{40,}))",
        ),
        source: "docs.wandb.ai, API keys",
    },
    Rule {
        name: "anthropic-key",
        what: "an Anthropic key: `sk-ant-`",
        starts: &["sk-ant-"],
        form: Word(r"sk-ant-[A-Za-z0-9_-]{20,}"),
        source: "gitleaks anthropic-api-key",
    },
    Rule {
        name: "openai-key",
        what: "an OpenAI key: `sk-`, `sk-proj-`, `sk-svcacct-`, `sk-admin-`; others (OpenRouter) have the form too",
        starts: &["sk-"],
        form: Digits(r"sk-(?:(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})"),
        source: "gitleaks openai-api-key",
    },
    Rule {
        name: "slack-token",
        what: "a Slack token: `xoxb-`, `xoxp-`, `xoxa-`, `xoxe-`, `xoxr-`, `xoxs-`, `xapp-`",
        starts: &["xoxb-", "xoxp-", "xoxa-", "xoxe-", "xoxe.", "xoxo-", "xoxr-", "xoxs-", "xapp-"],
        form: Digits(r"(?:xox[abeoprs]|xoxe\.xox[bp]|xapp)-[A-Za-z0-9-]{10,}"),
        source: "docs.slack.dev, Tokens; gitleaks slack-bot-token",
    },
    Rule {
        name: "slack-webhook",
        what: "the path of a Slack webhook",
        starts: &["hooks.slack.com/"],
        form: Token(r"(?i)hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{20,})"),
        source: "docs.slack.dev, Sending messages using incoming webhooks; gitleaks slack-webhook-url",
    },
    Rule {
        name: "pypi-token",
        what: "a PyPI token: `pypi-`",
        starts: &["pypi-"],
        form: Word(r"pypi-AgE[A-Za-z0-9_-]{20,}"),
        source: "pypi.org/help, API tokens; gitleaks pypi-upload-token",
    },
    Rule {
        name: "npm-token",
        what: "an npm token: `npm_`",
        starts: &["npm_"],
        form: Word(r"npm_[A-Za-z0-9]{30,}"),
        source: "gitleaks npm-access-token",
    },
    Rule {
        name: "stripe-key",
        what: "a Stripe key: `sk_live_`, `sk_test_`, `rk_live_`, `rk_test_`, `whsec_`",
        starts: &["sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_", "whsec_"],
        form: Word(r"(?:[sr]k_(?:live|test|prod)|whsec)_[A-Za-z0-9]{16,}"),
        source: "docs.stripe.com/keys; gitleaks stripe-access-token",
    },
    Rule {
        name: "twilio-key",
        what: "a Twilio key: `SK` and 32 hex digits",
        starts: &[
            "sk0", "sk1", "sk2", "sk3", "sk4", "sk5", "sk6", "sk7", "sk8", "sk9", "ska", "skb", "skc", "skd", "ske",
            "skf",
        ],
        form: Word(r"(SK[0-9a-f]{32})(?:[^0-9A-Za-z]|$)"),
        source: "gitleaks twilio-api-key",
    },
    Rule {
        name: "sendgrid-key",
        what: "a SendGrid key: `SG.`",
        starts: &["sg."],
        form: Word(r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        source: "gitleaks sendgrid-api-token",
    },
    Rule {
        name: "databricks-token",
        what: "a Databricks token: `dapi` and 32 hex digits",
        starts: &["dapi"],
        form: Word(r"(dapi[0-9a-f]{32}(?:-[0-9])?)(?:[^0-9A-Za-z]|$)"),
        source: "gitleaks databricks-api-token",
    },
    Rule {
        name: "vault-token",
        what: "a HashiCorp Vault token: `hvs.`, `hvb.`",
        starts: &["hvs.", "hvb."],
        form: Word(r"hv[sb]\.[A-Za-z0-9_-]{24,}"),
        source: "developer.hashicorp.com, Vault tokens; gitleaks vault-service-token",
    },
    Rule {
        name: "age-key",
        what: "an age secret key",
        starts: &["age-secret-key-1"],
        form: Word(r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
        source: "age-encryption.org/v1; gitleaks age-secret-key",
    },
    Rule {
        name: "telegram-token",
        what: "the token of a Telegram bot in the address of its interface",
        starts: &["api.telegram.org/bot"],
        form: Token(r"(?i)api\.telegram\.org/bot([0-9]{5,16}:[A-Za-z0-9_-]{30,})"),
        source: "core.telegram.org/bots/api, Authorizing your bot",
    },
];
