"""The one import of Great Expectations: telemetry off, its own import-time deprecations kept quiet."""

import os
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read while the library is imported

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # great_expectations 1.24 imports sre_constants
    import great_expectations as gx
    import great_expectations.expectations as gxe

__all__ = ["gx", "gxe"]
