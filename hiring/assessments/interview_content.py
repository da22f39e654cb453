"""What was said in an interview: who talked how much, which planned questions were asked, where the rubric's terms were spoken of.

There is, on purpose, nothing here about emotion, face, voice, accent, pace or wording style, and no score of a person: such inferences
have no sound evidence of predicting teaching, they disadvantage people by origin and disability, and inferring emotions at work is
forbidden in the EU (AI Act, Art. 5). People judge, on scorecards; this shows them where to look.
"""

import re
from collections.abc import Iterator
from typing import Any

from hiring.assessments.transcripts import Turn, read_turns, spoken

ASKED_FROM = 0.6  # share of a question's words that two neighbouring sentences must hold
_SENTENCE = re.compile(r"[^.?!\n]+[.?!]*")
_WORD = re.compile(r"[^\W_]{3,}")
_FILLERS = frozenset({
    "about", "and", "are", "can", "could", "describe", "did", "does", "for", "from", "had", "has", "have", "how", "into", "just",
    "like", "may", "more", "our", "please", "tell", "that", "the", "their", "them", "then", "there", "they", "this", "was", "were",
    "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
})  # fmt: skip
_EVIDENCE_MAX = 20


def analyse(text: str, content_type: str, questions: list[str], rubric: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a transcript shows, with evidence as spans of ``text``.

    Args:
        text: of the transcript.
        content_type: how it is written.
        questions: that were meant to be asked.
        rubric: ``{"criterion": code, "terms": [words]}``.
    """
    turns = read_turns(text, content_type)
    sentences = [sentence for turn in turns for sentence in _sentences(text, turn)]
    return {
        "text": text,
        **talk_share(text, turns),
        "questions": [{"number": number, **_asked(question, sentences)} for number, question in enumerate(questions, start=1)],
        "rubric": [{"criterion": entry["criterion"], "evidence": _mentions(entry["terms"], sentences)} for entry in rubric],
    }


def talk_share(text: str, turns: list[Turn]) -> dict[str, Any]:
    """Return each speaker's share of the time, or, in a transcript without times, of the words."""
    has_times = any(turn.seconds for turn in turns)
    amounts: dict[str | None, float] = {}
    for turn in turns:
        amount = (turn.seconds or 0.0) if has_times else len(_WORD.findall(spoken(text[turn.start : turn.end])))
        amounts[turn.speaker] = amounts.get(turn.speaker, 0.0) + amount
    whole = sum(amounts.values())
    shares = [{"speaker": speaker, "share": round(amount / whole, 4)} for speaker, amount in amounts.items()] if whole else []
    return {"measured_by": "time" if has_times else "words", "talk_share": shares}


Sentence = tuple[str | None, int, int, str]  # who, where from, where to, casefolded words


def _sentences(text: str, turn: Turn) -> Iterator[Sentence]:
    words = spoken(text[turn.start : turn.end])
    for match in _SENTENCE.finditer(words):
        if match[0].strip():
            lead = len(match[0]) - len(match[0].lstrip())
            yield turn.speaker, turn.start + match.start() + lead, turn.start + match.end(), match[0].casefold()


def _stems(words: str) -> frozenset[str]:
    """Return what two forms of a word share: its first six letters; words that every sentence has are left out."""
    return frozenset(word[:6] for word in _WORD.findall(words.casefold()) if word not in _FILLERS)


def _asked(question: str, sentences: list[Sentence]) -> dict[str, Any]:
    """Say whether a question was asked: the best sentence, or pair of one speaker, by the share of the question's words it holds."""
    wanted = _stems(question)
    best, place = 0.0, None
    for index, (speaker, start, end, words) in enumerate(sentences):
        following = sentences[index + 1] if index + 1 < len(sentences) and sentences[index + 1][0] == speaker else None
        for last, said in [(end, words), *([(following[2], f"{words} {following[3]}")] if following else [])]:
            share = len(wanted & _stems(said)) / len(wanted) if wanted else 0.0
            if share > best:
                best, place = share, {"start": start, "end": last, "speaker": speaker}
    is_asked = best >= ASKED_FROM
    return {"is_asked": is_asked, "confidence": round(best, 2), "evidence": [place] if is_asked and place else []}


def _mentions(terms: list[str], sentences: list[Sentence]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for term in terms:
        pattern = re.compile(rf"(?<!\w){re.escape(term.casefold())}(?!\w)")
        found += [
            {"start": start, "end": end, "speaker": speaker, "term": term}
            for speaker, start, end, words in sentences
            if pattern.search(words)
        ]
    return sorted(found, key=lambda mention: mention["start"])[:_EVIDENCE_MAX]
