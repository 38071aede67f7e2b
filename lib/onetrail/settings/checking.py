"""Everything that is wrong with parameters, found in one look: keys, values, and values that contradict each other."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from onetrail.settings import crosschecks
from onetrail.settings.mistakes import Mistake, about
from onetrail.settings.parameters import Account, Override, Parameters
from onetrail.settings.refusal import location_of, sentence, unfit_texts, unknown
from onetrail.settings.rendered import default_of
from onetrail.settings.secrets import is_secret_key, secret_key, secrets_among
from onetrail.settings.words import PRACTICE_VALUES

_KNOWN: Final = {
    "source_accounts": tuple(Account.model_fields),
    "log_account": tuple(Account.model_fields),
    "overrides": tuple(Override.model_fields),
}
"""Key of a mapping -> the keys that it may have."""


def mistakes_in(values: Mapping[str, Any], refused: Collection[str] = ()) -> list[Mistake]:
    """Each mistake once, unknown keys first. Of the keys in `refused` something is known to be wrong already."""
    found = list(_unknown_keys(values, refused))
    known = {key: values[key] for key in values if key in Parameters.model_fields and key not in refused}
    for key, value in known.items():
        said = list(secrets_among(value, (key,))) or list(unfit_texts(value, (key,)))
        found += said
    bad = {*refused, *(str(one.at[0]) for one in found if one.at)}
    wrong = _wrong_values({key: value for key, value in known.items() if key not in bad}, bad)
    found += wrong
    bad |= {str(one.at[0]) for one in wrong}
    return found + [about(line) for line in _contradictions(known, bad)]


def _unknown_keys(values: Mapping[str, Any], refused: Collection[str]) -> Iterator[Mistake]:
    fields = tuple(Parameters.model_fields)
    others = [key for key in map(str, values) if key not in fields]
    if len(others) > 1 and len(others) == len(values) and not refused and not _any_near(others):
        yield Mistake(
            f"none of its {len(others):,} keys is a parameter, so it is another kind of file: name a file that"
            " has the keys of parameters/template.yaml"
        )
        return
    for key in others:
        yield secret_key(key, (key,)) if is_secret_key(key) else Mistake(unknown(key, fields), (key,))


def _any_near(keys: Collection[str]) -> bool:
    fields = tuple(Parameters.model_fields)
    return any(is_secret_key(key) or "did you mean" in unknown(key, fields) for key in list(keys)[:100])


def _wrong_values(values: Mapping[str, Any], bad: Collection[str]) -> list[Mistake]:
    """`bad` are keys that are there, and whose value is of no use."""
    try:
        Parameters.model_validate(dict(values))
    except ValidationError as err:
        errors = [one for one in err.errors(include_url=False) if one["loc"][0] not in bad]
        return [_of(one) for one in errors]
    return []


def _of(error: Mapping[str, Any]) -> Mistake:
    at = location_of(error)
    if error["type"] == "extra_forbidden":
        name = str(at[-1])
        return secret_key(name, at) if is_secret_key(name) else Mistake(sentence(error, _KNOWN[str(at[0])]), at)
    return Mistake(sentence(error), at)


def _contradictions(known: Mapping[str, Any], bad: Collection[str]) -> Iterator[str]:
    """Among the values that are right by themselves."""
    instead = {key: PRACTICE_VALUES.get(key, default_of(key, "practice")) for key in Parameters.model_fields}
    rest = {key: value for key, value in known.items() if key not in bad}
    settings = Parameters.model_validate({**rest, **{key: instead[key] for key in bad if key in instead}})
    for key in bad:
        settings.__dict__.pop(key, None)  # a check that asks for it ends there
    return crosschecks.contradictions(settings)
