"""A PACT record of a supplier as its host answers, for tests of those who read it."""

from __future__ import annotations

from typing import Any


def pact_record() -> dict[str, Any]:
    """A sound footprint of a supplier, as JSON gives it."""
    return {
        "id": "91715e5e-fd0b-4d1c-8fab-76290c46e6ed",
        "specVersion": "3.0.3",
        "created": "2026-01-02T00:00:00Z",
        "status": "Active",
        "companyName": "Mill",
        "companyIds": ["urn:example:mill"],
        "productDescription": "Steel",
        "productIds": ["urn:example:mill:steel"],
        "productNameCompany": "Coil",
        "pcf": {
            "declaredUnitOfMeasurement": "kilogram",
            "declaredUnitAmount": "1",
            "productMassPerDeclaredUnit": "1",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "geographyCountry": "DE",
            "pcfExcludingBiogenicUptake": "5.14",
            "pcfIncludingBiogenicUptake": "-14.22",
            "fossilGhgEmissions": "4.78",
            "landManagementBiogenicCO2Emissions": "0.36",
            "biogenicCarbonContent": "5.28",
            "biogenicCO2Uptake": "-19.36",
            "fossilCarbonContent": "0",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067"],
            "exemptedEmissionsPercent": "0.8",
            "primaryDataShare": "60",
        },
    }
