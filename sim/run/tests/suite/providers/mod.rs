//! Live providers as a header knows them: settings, configuration and request bodies.

mod configuration;
mod requests;
mod settings;
