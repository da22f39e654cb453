"""From a transcript to turns: who spoke, when, and where it stands in the text. WebVTT, SubRip, or lines of ``Name: words``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TURNS_MAX = 20_000
_TIME = r"(?:(\d{1,3}):)?(\d\d):(\d\d)[.,](\d{3})"
_TIMES = re.compile(rf"^{_TIME} +--> +{_TIME}[^\n]*$")
_VOICE = re.compile(r"<v(?:\.[\w.]+)? (?P<speaker>[^>\n]{1,80})>")
_TAG = re.compile(r"</?[a-z][^>\n]{0,80}>")
_NAMED = re.compile(r"^\s*(?P<speaker>[^\W\d_][\w .'’-]{0,60}?)\s*:\s+(?=\S)")


@dataclass(frozen=True)
class Turn:
    """Something somebody said: ``text[start:end]``; ``speaker`` None: the transcript names nobody, ``seconds`` None: it has no times."""

    speaker: str | None
    start: int
    end: int
    seconds: float | None


def read_turns(text: str, content_type: str) -> list[Turn]:
    """Return the turns of a transcript in their order, the first ``TURNS_MAX`` of them."""
    turns: list[Turn] = []
    for turn in _cues(text) if content_type in {"text/vtt", "application/x-subrip"} else _lines(text):
        if len(turns) == TURNS_MAX:
            break
        turns.append(turn)
    return turns


def spoken(text: str) -> str:
    """Return the words of a piece of transcript without its tags; the length stays, so that spans keep pointing to the same place."""
    return _TAG.sub(lambda tag: " " * len(tag[0]), _VOICE.sub(lambda tag: " " * len(tag[0]), text))


def _numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _cues(text: str) -> Iterator[Turn]:
    """Yield one turn per cue line; a cue that names nobody goes on with who spoke before."""
    speaker, seconds, is_cue = None, 0.0, False
    for at, line in _numbered_lines(text):
        times = _TIMES.match(line)
        if times:
            seconds, is_cue = max(0.0, _seconds(times.groups()[4:]) - _seconds(times.groups()[:4])), True
        elif not line.strip():
            is_cue = False
        elif is_cue:
            voice = _VOICE.search(line)
            named = None if voice else _NAMED.match(line)
            speaker = voice["speaker"].strip() if voice else named["speaker"] if named else speaker
            start = at + (named.end() if named else 0)
            yield Turn(speaker, start, at + len(line), seconds)
            seconds = 0.0  # of a cue of several lines the first takes the time


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _lines(text: str) -> Iterator[Turn]:
    speaker = None
    for at, line in _numbered_lines(text):
        if line.strip():
            named = _NAMED.match(line)
            speaker = named["speaker"] if named else speaker
            yield Turn(speaker, at + (named.end() if named else 0), at + len(line), None)
