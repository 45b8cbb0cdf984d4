"""Errors a user can cause; each carries its exit code and prints as one line."""


class ConversionError(Exception):
    """Bad input or environment: what is wrong, where, and what was expected."""

    exit_code = 2

    def __init__(self, what: str, where: str, expected: str) -> None:
        super().__init__(" ".join(f"{what}, {where}, {expected}".split()))


class UnsupportedError(ConversionError):
    """An operator, or a form of one, that the trace format does not define."""

    exit_code = 3


def unsupported_operator(op_type: str, node: str, model: str, detail: str = "") -> UnsupportedError:
    """The error for a node that has no definition; `detail` narrows it to one form of the operator."""
    form = f" ({detail})" if detail else ""
    return UnsupportedError(f"operator {op_type}{form} has no definition", f"node '{node}' of model '{model}'",
                            "expected an operator of the table in traces/SCHEMA.md")
