"""Rate limits on what anybody may try: so many attempts of a key in a window, then 429."""

from ipaddress import ip_address, ip_network

from flask import request

from spst.web.ports import TooManyRequests
from spst.web.state import web

_NO_ADDRESS = "sans adresse"


def limit(name: str, key: str, most: int, window_s: int) -> None:
    """Count one attempt of `key` at `name`. Raises: TooManyRequests beyond `most` in the window."""
    if web().counter.hit(f"{name}|{key}", window_s) > most:
        raise TooManyRequests(window_s)


def limit_address(name: str, most: int, window_s: int) -> None:
    """The same for the network that the request comes from."""
    limit(name, network_of(request.remote_addr or "0.0.0.0"), most, window_s)  # noqa: S104 - no address is bound here


def network_of(address: str) -> str:
    """The network that one subscriber holds: an IPv4 /24, an IPv6 /56. What a proxy wrote and is no address counts as one.

    >>> network_of("192.0.2.77")
    '192.0.2.0/24'
    >>> network_of("::ffff:192.0.2.77")
    '192.0.2.0/24'
    """
    try:
        read = ip_address(address)
    except ValueError:
        return _NO_ADDRESS
    plain = getattr(read, "ipv4_mapped", None) or read
    prefix = 24 if plain.version == 4 else 56
    return str(ip_network((int(plain), plain.max_prefixlen)).supernet(new_prefix=prefix))
