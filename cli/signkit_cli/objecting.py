"""What Typer objects to on a command line, in our words: its own are in English only, and say little of what to do."""

from __future__ import annotations

import re
from typing import Any, Final

from signkit.errors import UsageError
from signkit_cli.helping import placeholder, value_type

__all__ = ["objection"]

_SAID: Final = {
    "missing_option": "{name} must be given",
    "missing_argument": "{name} is missing",
    "no_option": "there is no option {name}",
    "option_value": "{name} takes no value",
    "option_no_value": "{name} needs a value",
    "whole_number": "{name} needs a whole number{range}",
    "surplus": "too much on the line: {name}",
    "no_command_given": "a command is missing",
}


def objection(error: Any) -> UsageError:
    """Return what ``error``, one of Typer's, says, with a code of ours and the page that helps as its hint."""
    context = getattr(error, "ctx", None)
    path = str(getattr(context, "command_path", "signkit"))
    kind, name = _kind(error), ""
    near = sorted(getattr(error, "possibilities", None) or ())
    parameter = getattr(error, "param", None)
    if parameter is not None:
        option = parameter.param_type_name == "option"
        name = max(parameter.opts, key=len) if option else placeholder(parameter).removesuffix(" …")
        kind = f"missing_{parameter.param_type_name}" if kind == "missing" else kind
    else:
        name = str(getattr(error, "option_name", "")) or _between(error.format_message())
    if kind not in _SAID:
        return UsageError(str(error.format_message()).rstrip("."), code="usage", hint=f"see: {path} --help")
    params = {"name": name[:80], "path": path, "near": near[0] if near else "", "range": _range(parameter)}
    return UsageError(
        _SAID[kind].format_map(params),
        code=f"usage.{kind}.near" if near else f"usage.{kind}",
        hint=f"did you mean {near[0]}?" if near else f"see: {path} --help",
        params=params,
    )


def _kind(error: Any) -> str:
    """Return which of our sentences says what an error of Typer says."""
    message = str(getattr(error, "message", ""))
    kinds = {
        "MissingParameter": "missing",
        "NoSuchOption": "no_option",
        "NoArgsIsHelpError": "no_command_given",
        "BadOptionUsage": "option_value" if "does not take" in message else "option_no_value",
    }
    kind = kinds.get(type(error).__name__, "")
    if not kind and message.startswith("Missing command"):
        return "no_command_given"
    if not kind and "unexpected extra argument" in message:
        return "surplus"
    if not kind and type(error).__name__ == "BadParameter" and value_type(getattr(error, "param", None)) == "count":
        return "whole_number"
    return kind


def _between(message: str) -> str:
    found = re.search(r"\(s\) \((.*)\)", message, re.DOTALL)
    return found.group(1) if found else ""


def _range(parameter: Any) -> str:
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if low is None and high is None:
        return ""
    return f" {low if low is not None else ''}–{high if high is not None else ''}"
