//! Under construction in the same change series.
