"""The use of Anthropic's coding assistant by person and day, as metrics: `outlay import claude_code`.

See docs/ai-provider-bills.md.

The metrics are `claude_code_cost` and `claude_code_subscription_cost`, in cents, and `claude_code_tokens`, each by
`user`: an address of mail, or the name of a key. `--option metric=` is another beginning of their names. The key is an
admin key of Anthropic's, from `ANTHROPIC_ADMIN_KEY`.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.metrics import claude_code, overlaps, table

IMPORTER = Importer(
    name="claude_code",
    table="metric",
    read=table.read_written,
    fetch=claude_code.fetch,
    settle=overlaps.refuse,
    replaced=table.REPLACED,
    options=claude_code.OPTIONS,
)
