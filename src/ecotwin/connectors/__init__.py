"""The wire, one file a protocol."""

NOT_PLUGS = frozenset(
    {
        "benchmarks",
        "book_cells",
        "books",
        "brightway",
        "ecospold",
        "foreign_model",
        "foreign_package",
        "foreign_process",
        "foreign_worker",
        "inlet",
        "inventory",
        "measured",
        "numbers_table",
        "picture_files",
        "process_table",
        "recording",
        "sparkplug_aliases",
        "sparkplug_arrays",
        "sparkplug_layout",
        "sparkplug_orders",
        "sparkplug_payload",
        "sparkplug_schema",
        "sparkplug_state",
        "stamps",
        "table",
        "weather_file",
    }
)
"""Modules here that are parts of plugs and no plugs themselves."""
