//! FHIR R4 resources: parsing, importing, searching keys, summaries. Pure.
