"""US dollars for people."""


def usd(amount: float) -> str:
    """Give an amount with as many digits as say something: `$12.50`, `$0.0123`, `$0.000004`."""
    if amount >= 1 or amount == 0:
        return f"${amount:.2f}"
    text = f"{amount:.4f}" if amount >= 0.01 else f"{amount:.6f}"
    whole, _, digits = text.rstrip("0").partition(".")
    return f"${whole}.{digits.ljust(2, '0')}"
