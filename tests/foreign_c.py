"""An FMU in C, FMI 2, as most tools export them: compiled by the tests where there is a C compiler."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

# Written by hand from the interface of FMI 2.0.4; what a model of one state does not need answers "OK".
SOURCE = r"""
#include <stdlib.h>
#include <stddef.h>
typedef struct { double inflow_kg_s, level_kg, total_kg, mood; } Model;
#define NOTHING(name) int name(void) { return 0; }
NOTHING(fmi2SetDebugLogging) NOTHING(fmi2SetupExperiment) NOTHING(fmi2EnterInitializationMode)
NOTHING(fmi2ExitInitializationMode) NOTHING(fmi2Terminate) NOTHING(fmi2Reset) NOTHING(fmi2GetInteger)
NOTHING(fmi2GetBoolean) NOTHING(fmi2GetString) NOTHING(fmi2SetInteger) NOTHING(fmi2SetBoolean)
NOTHING(fmi2SetString) NOTHING(fmi2GetFMUstate) NOTHING(fmi2SetFMUstate) NOTHING(fmi2FreeFMUstate)
NOTHING(fmi2SerializedFMUstateSize) NOTHING(fmi2SerializeFMUstate) NOTHING(fmi2DeSerializeFMUstate)
NOTHING(fmi2GetDirectionalDerivative) NOTHING(fmi2SetRealInputDerivatives) NOTHING(fmi2GetRealOutputDerivatives)
NOTHING(fmi2CancelStep) NOTHING(fmi2GetStatus) NOTHING(fmi2GetRealStatus) NOTHING(fmi2GetIntegerStatus)
NOTHING(fmi2GetBooleanStatus) NOTHING(fmi2GetStringStatus)
const char *fmi2GetTypesPlatform(void) { return "default"; }
const char *fmi2GetVersion(void) { return "2.0"; }
void *fmi2Instantiate(const char *n, int t, const char *g, const char *r, const void *f, int v, int l) {
  return calloc(1, sizeof(Model));
}
void fmi2FreeInstance(void *m) { free(m); }
static double *place(Model *m, unsigned r) { return &m->inflow_kg_s + r; }
int fmi2GetReal(void *m, const unsigned *r, size_t n, double *v) {
  for (size_t i = 0; i < n; i++) v[i] = *place(m, r[i]);
  return 0;
}
int fmi2SetReal(void *m, const unsigned *r, size_t n, const double *v) {
  for (size_t i = 0; i < n; i++) *place(m, r[i]) = v[i];
  return 0;
}
int fmi2DoStep(void *c, double at, double step, int fixed) {
  Model *m = c;
  if (at >= 120.0) {
    if (m->mood == 1) *(volatile int *)0 = 1;
    if (m->mood == 2) abort();
    if (m->mood == 3) for (volatile int i = 0;; i++);
    if (m->mood == 4) exit(0);
    if (m->mood == 5) return 3;
    if (m->mood == 6) m->level_kg = 0.0 / (m->mood - 6.0);
  }
  m->level_kg += m->inflow_kg_s * step;
  m->total_kg += m->inflow_kg_s * step;
  return 0;
}
"""

DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<fmiModelDescription fmiVersion="2.0" modelName="Silo" guid="{silo}" variableNamingConvention="flat">
<CoSimulation modelIdentifier="silo" canHandleVariableCommunicationStepSize="true"/>
<UnitDefinitions><Unit name="kg/s"><BaseUnit kg="1" s="-1"/></Unit><Unit name="kg"><BaseUnit kg="1"/></Unit>
</UnitDefinitions><ModelVariables>
<ScalarVariable name="inflow" valueReference="0" causality="input"><Real start="0" unit="kg/s"/></ScalarVariable>
<ScalarVariable name="level" valueReference="1" causality="output"><Real unit="kg"/></ScalarVariable>
<ScalarVariable name="total" valueReference="2" causality="output"><Real unit="kg"/></ScalarVariable>
<ScalarVariable name="mood" valueReference="3" causality="parameter" variability="tunable">
<Real start="0"/></ScalarVariable></ModelVariables>
<ModelStructure><Outputs><Unknown index="2"/><Unknown index="3"/></Outputs>
<InitialUnknowns><Unknown index="2"/><Unknown index="3"/></InitialUnknowns></ModelStructure>
</fmiModelDescription>
"""


def silo(folder: Path) -> Path:
    """The FMU of a silo. Skips by name where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a C compiler builds the FMU of this test")
    fmpy = pytest.importorskip("fmpy", reason="fmpy runs the FMU of this test")
    (folder / "silo.c").write_text(SOURCE)
    library = folder / f"silo{fmpy.sharedLibraryExtension}"
    flags = ["-shared", "-fPIC", "-O1", "-w"]
    subprocess.run([compiler, *flags, str(folder / "silo.c"), "-o", str(library)], check=True)
    fmu = folder / "silo.fmu"
    with zipfile.ZipFile(fmu, "w") as archive:
        archive.writestr("modelDescription.xml", DESCRIPTION)
        archive.write(library, f"binaries/{fmpy.platform}/{library.name}")
    return fmu
