"""One file for each group of rows of the table; each row is a function from settings to a `Row`."""

from collections.abc import Callable

from harness import Row, Settings

from . import calls, lines, start, uploads, waits

ROWS: dict[int, Callable[[Settings], Row]] = {
    1: calls.sync_finalize,
    2: calls.awaited_finalize,
    3: calls.hundred_in_flight,
    4: waits.ten_thousand,
    5: waits.hundred_thousand,
    6: uploads.one_gibibyte,
    7: uploads.with_latency,
    8: start.first_call,
    9: start.bare_import,
    10: waits.after_ready,
    11: calls.beside_a_counter,
    12: start.wheel,
    13: lines.over_tls,
    14: lines.shaped,
    15: lines.losing,
    16: uploads.many_images,
    17: start.names_and_help,
    18: calls.in_a_crowd,
    19: calls.without_python,
    20: lines.at_a_ceiling,
}
