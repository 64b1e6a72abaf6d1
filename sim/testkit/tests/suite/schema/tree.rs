//! JSON documents whose members keep the order in which they were written.
//!
//! serde_json's own value sorts them, and a document out of order is refused for that alone.

use std::fmt::{self, Display, Write as _};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Leaf(Value),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn of(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    /// The document as a schema sees it.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.to_string()).unwrap()
    }

    pub(crate) fn at(&self, path: &[usize]) -> &Self {
        path.iter().fold(self, |tree, index| match tree {
            Self::Object(members) => &members[*index].1,
            Self::Array(items) => &items[*index],
            Self::Leaf(leaf) => panic!("nothing inside {leaf}"),
        })
    }

    pub(crate) fn at_mut(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |tree, index| match tree {
            Self::Object(members) => &mut members[*index].1,
            Self::Array(items) => &mut items[*index],
            Self::Leaf(leaf) => panic!("nothing inside {leaf}"),
        })
    }

    /// The path of every value, the document's own first.
    pub(crate) fn paths(&self) -> Vec<Vec<usize>> {
        let mut paths = vec![Vec::new()];
        let inner: Vec<&Self> = match self {
            Self::Leaf(_) => Vec::new(),
            Self::Array(items) => items.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, member)| member).collect(),
        };
        for (index, tree) in inner.into_iter().enumerate() {
            for path in tree.paths() {
                paths.push([vec![index], path].concat());
            }
        }
        paths
    }

    /// The names and positions on the way to a value, as a JSON pointer.
    pub(crate) fn pointer(&self, path: &[usize]) -> String {
        let mut pointer = String::new();
        let mut tree = self;
        for index in path {
            match tree {
                Self::Object(members) => write!(pointer, "/{}", members[*index].0).unwrap(),
                _ => write!(pointer, "/{index}").unwrap(),
            }
            tree = tree.at(&[*index]);
        }
        pointer
    }
}

impl Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(value) => write!(f, "{value}"),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { "," } else { "" })?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (name, member)) in members.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{}:{member}", Value::from(name.as_str()))?;
                }
                f.write_char('}')
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Leaf(Value::Null))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
                Ok(Tree::Leaf(truth.into()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
                Ok(Tree::Leaf(number.into()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf(number.into()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
                Ok(Tree::Leaf(number.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Leaf(text.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut array = Vec::new();
                while let Some(item) = items.next_element()? {
                    array.push(item);
                }
                Ok(Tree::Array(array))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Tree::Object(object))
            }
        }
        source.deserialize_any(TreeVisitor)
    }
}

#[test]
fn document_keeps_member_order() {
    let text = r#"{"b":[1,-2,1.5,null,true],"a":{"z":"\"","y":{}}}"#;
    let tree = Tree::of(text);
    assert_eq!(tree.to_string(), text);
    assert_eq!(tree.paths().len(), 10);
    assert_eq!(tree.pointer(&[1, 0]), "/a/z");
}
