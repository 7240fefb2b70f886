"""What one request, and all at once, may take."""

from __future__ import annotations

from typing import Final

from bayesknee.inference.results import Budget
from bayesknee.patient import cases

MOST_BODY: Final = cases.MOST_BYTES  # bytes of a case, as the command line takes them
MOST_ROWS_BODY: Final = 16_000_000  # bytes of rows to score: 100,000 patients with a few answers each
MOST_ROWS: Final = 100_000  # patients of one request; judged: more is a file for `bayesknee score`
ROWS_AT_ONCE: Final = 1_000  # rows of a streamed answer that are scored together; judged: a few tenths of a second
# Requests in work in one process. Judged: each takes tens of milliseconds of a core, so that the last of them waits
# about a second; whoever comes then is told to come again.
MOST_AT_ONCE: Final = 32
# Until an answer begins. Judged: all that the budget below allows takes some seconds of a core, and 32 requests at once
# share it; who has waited that long is told so, and the request still counts among those in work until it has ended.
MOST_SECONDS: Final = 60.0
RETRY_AFTER: Final = 1  # seconds
SECONDS_TO_FINISH: Final = 30  # for requests in flight when the server is told to stop

# As the command line computes, so that the answers are the same, but strangers cannot ask for any amount. Twice the
# usual draws of an interval take some seconds of a core; so do 20 questions of a plan, of which a form has 12.
BUDGET: Final = Budget(answers=1_000, draws=2_000, questions=20)
