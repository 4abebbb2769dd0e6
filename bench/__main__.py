"""`python -m bench NAME`, with `dialects`, `imports`, `overhead`, `pages`, `server`, `timing` or `usage_reports`."""

import sys

from bench import dialects, imports, overhead, pages, server, timing, usage_reports

_BENCHES = {
    "dialects": dialects.main,
    "imports": imports.main,
    "overhead": overhead.main,
    "pages": pages.main,
    "server": server.main,
    "timing": timing.main,
    "usage_reports": usage_reports.main,
}


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in _BENCHES:
        print(f"usage: python -m bench {'|'.join(_BENCHES)} [--help]", file=sys.stderr)
        return 2
    _BENCHES[name](sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
