"""RSA keys of a library that made guessable ones (ROCA, CVE-2017-15361): they are known by their modulus alone.

Their primes are powers of 65537 modulo the product of all primes up to 167, so the modulus is one modulo each of them
(M. Nemec, M. Sys, P. Svenda, D. Klinec, V. Matyas: The Return of Coppersmith's Attack, ACM CCS 2017, section 4).
Of other moduli fewer than one in 10^8 look so by chance.
"""

from collections.abc import Mapping

_GENERATOR = 65_537
_LAST = 167


def _powers(prime: int) -> frozenset[int]:
    found, power = set(), 1
    while power not in found:
        found.add(power)
        power = power * _GENERATOR % prime
    return frozenset(found)


_PRIMES = [number for number in range(3, _LAST + 1) if all(number % smaller for smaller in range(2, number))]
_POWERS: Mapping[int, frozenset[int]] = {prime: _powers(prime) for prime in _PRIMES}


def is_guessable(modulus: int) -> bool:
    """Whether a modulus looks as if that library made it; its key can be computed from it."""
    return all(modulus % prime in powers for prime, powers in _POWERS.items())
