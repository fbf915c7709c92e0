"""What is handed to others, one file a report or exchange format."""

NOT_PLUGS = frozenset(
    {
        "aas",
        "aas_elements",
        "aas_series",
        "aas_submodels",
        "claims",
        "pact",
        "pieces",
        "rendering",
        "taxonomy",
    }
)
