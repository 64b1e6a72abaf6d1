//! One table for each enum of names: its variants, their documentation and their texts, each written once.

/// Declares a fieldless enum whose list, names, `Display` and serde form follow one table.
///
/// `Serialize` is derived; a type that is read too adds `#[derive(serde::Deserialize)]`.
macro_rules! named_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize,
        )]
        $visibility enum $name {
            $($(#[$variant_attribute])* #[serde(rename = $text)] $variant,)+
        }

        #[allow(dead_code, reason = "a private enum may not need every form")]
        impl $name {
            /// Every value, in the order of declaration.
            $visibility const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The text in records, frames and documents; stable across versions.
            #[must_use]
            $visibility const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The value with exactly this name.
            #[must_use]
            $visibility fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use named_enum;

#[cfg(test)]
mod tests {
    use crate::bus::Provider;
    use crate::trap::TrapKind;
    use alloc::string::ToString;

    #[test]
    fn every_form_of_a_value_is_its_name() {
        assert_eq!(
            Provider::ALL.map(Provider::name),
            ["openai", "anthropic", "kimi", "ollama"]
        );
        for kind in TrapKind::ALL {
            assert_eq!(TrapKind::from_name(kind.name()), Some(kind));
            assert_eq!(kind.to_string(), kind.name());
            let json = serde_json::to_string(&kind).expect("JSON");
            assert_eq!(json, alloc::format!("{:?}", kind.name()));
            let read: TrapKind = serde_json::from_str(&json).expect("a name");
            assert_eq!(read, kind);
        }
        assert_eq!(TrapKind::from_name("PageFault"), None);
    }
}
