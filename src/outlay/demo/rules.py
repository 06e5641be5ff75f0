"""The company's allocation rules: `rules.toml`, as text.

Comes in: nothing. Goes out: the file's text. It is written here and not shipped as a data file, because it
belongs to the story: service names, accounts and teams are the cast's.
"""

RULES = """\
# Who pays for what. Rules are tried in order; the first that matches a charge takes it.
# Left without a rule on purpose: data transfer, which carries no tags, and two instances nobody claims.

[[rule]]
name = "research notebooks"     # a key that reports no usage; its project says whose it is
match = { sub_account_name = "notebooks", charge_category = "Usage" }
set = { provider = "provider", model = "resource_id", team = "=research", environment = "=research" }
split = "direct"

[[rule]]
name = "model usage"
match = { service_subcategory = "Generative AI", charge_category = "Usage" }
set = { provider = "provider", model = "resource_id", environment = "sub_account_name" }
split = "driver"
driver = "estimated_cost"
within = ["provider", "model", "environment"]
to = ["feature", "customer", "team", "user", "service", "release"]
fallback = "month"

[[rule]]
name = "pages read"
match = { service_name = "Amazon Textract", charge_category = "Usage" }
set = { provider = "provider", model = "resource_id", environment = "sub_account_name" }
split = "driver"
driver = "unit:page"
within = ["provider", "model"]
to = ["feature", "customer", "team", "user", "service", "release"]
fallback = "month"

[[rule]]
name = "vector index"           # storage and writes follow the reads
match = { provider = "Pinecone", charge_category = "Usage" }
set = { provider = "provider", model = "resource_id", environment = "sub_account_name" }
split = "driver"
driver = "unit:read_unit"
within = ["provider", "model"]
to = ["feature", "customer", "team", "user", "service", "release"]
fallback = "month"

[[rule]]
name = "gpu nodes"              # what nobody used of the held seconds is idle
match = { "tag:service" = "inference-service", service_category = "Compute", charge_category = "Usage" }
set = { provider = "=self-hosted", service = "tag:service", environment = "tag:environment" }
split = "driver"
driver = "unit:gpu_second"
within = ["provider", "service"]
to = ["feature", "customer", "team", "user", "model", "release"]
fallback = "month"
capacity = { unit = "gpu_second", per_consumed = 3600 }

[[rule]]
name = "staging"                # no customer causes it; the team that keeps it pays
match = { "tag:environment" = "staging", "tag:service" = "?*", charge_category = "Usage" }
set = { provider = "provider", service = "tag:service", team = "tag:team", environment = "=staging" }
split = "direct"

[[rule]]
name = "services every call passes"
match = { charge_category = "Usage", "tag:service" = [
  "gateway", "auth-service", "billing-service", "notification-service",
] }
set = { provider = "provider", service = "tag:service", environment = "tag:environment" }
split = "driver"
driver = "calls"
within = ["environment"]
to = ["feature", "customer", "team"]
fallback = "month"

[[rule]]
name = "ingestion"              # the workers do what documents ask of the services in front of them
match = { "tag:service" = "ingest-worker", charge_category = "Usage" }
set = { provider = "provider", service = "tag:service", environment = "tag:environment" }
split = "driver"
driver = "unit:page"
within = ["environment"]
to = ["feature", "customer", "team"]
fallback = "month"

[[rule]]
name = "a service's own machines"
match = { "tag:service" = "?*", charge_category = "Usage" }
set = { provider = "provider", service = "tag:service", environment = "tag:environment" }
split = "driver"
driver = "calls"
within = ["service", "environment"]
to = ["feature", "customer", "team"]
fallback = "month"

[[rule]]
name = "a service's own machines, tagged in capitals"
match = { "tag:Service" = "?*", charge_category = "Usage" }
set = { provider = "provider", service = "tag:Service", environment = "tag:environment" }
split = "driver"
driver = "calls"
within = ["service", "environment"]
to = ["feature", "customer", "team"]
fallback = "month"

[[rule]]
name = "build machines"
match = { "tag:cost_center" = "engineering-tools", charge_category = "Usage" }
set = { provider = "provider", environment = "=shared" }
split = "even"
among = [
  { team = "platform" }, { team = "growth" }, { team = "documents" },
  { team = "integrations" }, { team = "search" }, { team = "intelligence" },
]

[[rule]]
name = "shared platform"
match = { sub_account_name = "platform", charge_category = "Usage" }
set = { provider = "provider", environment = "=shared" }
split = "fixed"
among = [
  { team = "platform", weight = 30 }, { team = "documents", weight = 25 }, { team = "intelligence", weight = 20 },
  { team = "search", weight = 10 }, { team = "growth", weight = 10 }, { team = "integrations", weight = 5 },
]

[[rule]]
name = "support, credits and tax"
match = { charge_category = ["Purchase", "Credit", "Tax"] }
set = { provider = "provider" }
split = "proportional"
to = ["feature", "team"]
fallback = "month"
"""
