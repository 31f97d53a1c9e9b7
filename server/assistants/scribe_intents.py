"""What the scribe understands: a table of what people write, and what they mean by it. Pure.

Rules: the first row that fits the whole message counts, courtesies and final stops aside; a message that fits no row
is `UNKNOWN`, and nothing is guessed; what is to be remembered is taken as it was written.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What is meant."""

    HELP = auto()
    CONNECT = auto()
    QUOTE = auto()
    RECAP = auto()
    REMEMBER = auto()
    LIST = auto()
    FORGET = auto()
    FORGET_ALL = auto()
    FORGET_ALL_SURELY = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Intent:
    """What is meant, and by which words: what to remember, to look for or to forget; empty where nothing was named."""

    kind: Kind
    words: str = ""


_SAY = r"(?:say|said|write|written|wrote|tell|told|mention|mentioned|ask|asked)(?: (?:to )?you)?"
_ABOUT = r"(?:about|of|on|regarding|concerning)"
_SESSION = (
    r"(?: (?:of|for|me|us|this|the|our|my|whole|entire|all|session|chat|conversation|talk|discussion|so|far|up"
    r"|everything|it|that|what|we|i|have|said|wrote|discussed|talked|about))*"
)
_ALL = (
    r"(?:everything|all|it all|all of (?:it|them|that)|(?:your|my|the) (?:whole |entire )?memory"
    r"|(?:all )?(?:your|my|the|all) (?:memories|facts|notes))"
    r"(?: (?:that )?you (?:know|remember)| i (?:have )?told you)?(?: (?:about|of) me)?"
)

TABLE: tuple[tuple[Kind, str], ...] = (
    (Kind.HELP, r"help|hello|hi|hey|good (?:morning|afternoon|evening|day)|(?:who|what) are you|are you .+"),
    (Kind.HELP, r"what (?:can|do) you do|what can i (?:ask|say|do|write)(?: (?:to )?you)?|how do you work"),
    (Kind.CONNECT, r"how (?:do|can|could|would|should) i (?:connect|use|add|get|set up|configure) .*\bmodels?\b.*"),
    (Kind.CONNECT, r"(?:connect|use|add|set up|configure) (?:(?:a|an|another|my|the|some) )?(?:\w+ )?model"),
    (
        Kind.QUOTE,
        rf"(?:what|when|where|did|have)(?: did| have| had)? i (?:just |ever |already )?{_SAY} {_ABOUT} (?P<x>.+)",
    ),
    (Kind.QUOTE, rf"(?:(?:do you )?remember|tell me|show me|repeat|quote) what i (?:have )?{_SAY} {_ABOUT} (?P<x>.+)"),
    (Kind.QUOTE, r"(?:when|where|did|have)(?: did| have)? i (?:ever |already )?(?:mention|say|write)\w* (?P<x>.+)"),
    (Kind.QUOTE, r"(?:quote|search for|search)(?: me)?(?: (?:my|the) words? (?:about|on|of))?(?: (?P<x>.+))?"),
    (
        Kind.RECAP,
        rf"(?:(?:give|make|write|show)(?: me)? )?(?:an? |the )?(?:short |quick |brief )?(?:recap|summary){_SESSION}",
    ),
    (Kind.RECAP, rf"(?:recapitulate|summari[sz]e|sum up){_SESSION}"),
    (
        Kind.RECAP,
        r"what (?:did|have) (?:i|we) (?:just )?(?:say|said|write|written|talk(?:ed)? about|discuss(?:ed)?)(?: so far)?",
    ),
    (Kind.RECAP, r"what (?:is|was) this (?:session|chat|conversation) about|where were we"),
    (Kind.LIST, r"what (?:do|can) you (?:still )?(?:remember|know|recall)(?: (?:about|of) (?:me|us))?|who am i"),
    (Kind.LIST, r"what (?:do|can) you (?:still )?(?:remember|know|recall) (?:about|of) (?P<x>.+)"),
    (Kind.LIST, r"what have you (?:remembered|learn(?:ed|t)|kept|noted)(?: (?:about|of|for) me)?"),
    (Kind.LIST, r"(?:list|show)(?: me)? what you (?:remember|know)(?: (?:about|of) me)?"),
    (
        Kind.LIST,
        r"(?:(?:list|show)(?: me)? )?(?:(?:your|my|the|all) )*(?:memory|memories|facts|notes)(?: (?:about|of) me)?",
    ),
    (Kind.LIST, r"do you (?:remember|know)(?: (?:me|anything|something))?(?: (?:about|of) me)?"),
    (Kind.LIST, r"do you (?:remember|know) (?P<x>.+)"),
    (Kind.REMEMBER, r"(?:don[’']?t|do not|never)(?: ever)? forget(?: (?:that|this)\b)?[:,]? (?P<x>.+)"),
    (Kind.REMEMBER, r"remember(?: (?:that|this|it))?:?"),
    (
        Kind.REMEMBER,
        r"(?:remember|memori[sz]e)(?: (?:that|this))?[:,]? (?!(?:what|when|who|how|where|why|me)\b)(?P<x>.+)",
    ),
    (Kind.REMEMBER, r"(?:keep in mind|note(?: down)?|(?:make|take) a note)(?: (?:that|of)|:) (?P<x>.+)"),
    (Kind.FORGET_ALL_SURELY, rf"yes,? forget {_ALL}"),
    (Kind.FORGET_ALL, rf"(?:forget|delete|erase|clear|wipe) {_ALL}"),
    (Kind.FORGET, r"forget(?: (?:that|it|this|about it|about that))?"),
    (Kind.FORGET, r"forget(?: (?:about|that|the fact that)\b)?:? (?P<x>.+)"),
)
"""A space stands for any white space; `x` names the words that are meant."""

_ROWS = tuple((kind, re.compile(row.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)) for kind, row in TABLE)
_COURTESY = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay)\b[\s,!.]+)?(?:scribe\b[\s,:]*)?(?:(?:can|could|would|will)\s+you\s+)?(?:please\b[\s,]+)?",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"[\s,]+please$", re.IGNORECASE)


def read_intent(text: str) -> Intent:
    """What the message means. Costs time in proportion to its length."""
    start = _COURTESY.match(text.strip())
    asked = text.strip()[start.end() if start else 0 :]
    core = _PLEASE.sub("", asked.rstrip(" \t\r\n.!?"))
    if not core:
        return Intent(Kind.HELP)
    for kind, row in _ROWS:
        if found := row.fullmatch(core):
            return Intent(kind, _words(kind, found, asked))
    return Intent(Kind.UNKNOWN)


def _words(kind: Kind, found: re.Match[str], asked: str) -> str:
    if "x" not in found.re.groupindex or found["x"] is None:
        return ""
    return asked[found.start("x") :].strip() if kind is Kind.REMEMBER else found["x"].strip()
