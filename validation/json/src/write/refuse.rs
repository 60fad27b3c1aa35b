//! What serialisers that take few kinds of values do with the others.

/// Refuses values of these types.
macro_rules! refuse {
    ($error:expr; $($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self $(, _: $argument)*) -> $crate::write::Result {
            Err($error)
        }
    )*};
}

/// Refuses all that has parts.
macro_rules! refuse_compounds {
    ($error:expr) => {
        type SerializeSeq = serde::ser::Impossible<(), Self::Error>;
        type SerializeTuple = serde::ser::Impossible<(), Self::Error>;
        type SerializeTupleStruct = serde::ser::Impossible<(), Self::Error>;
        type SerializeTupleVariant = serde::ser::Impossible<(), Self::Error>;
        type SerializeMap = serde::ser::Impossible<(), Self::Error>;
        type SerializeStruct = serde::ser::Impossible<(), Self::Error>;
        type SerializeStructVariant = serde::ser::Impossible<(), Self::Error>;

        fn serialize_newtype_variant<T: serde::Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> $crate::write::Result {
            Err($error)
        }

        fn serialize_seq(self, _: Option<usize>) -> $crate::write::Result<Self::SerializeSeq> {
            Err($error)
        }

        fn serialize_tuple(self, _: usize) -> $crate::write::Result<Self::SerializeTuple> {
            Err($error)
        }

        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> $crate::write::Result<Self::SerializeTupleStruct> {
            Err($error)
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> $crate::write::Result<Self::SerializeTupleVariant> {
            Err($error)
        }

        fn serialize_map(self, _: Option<usize>) -> $crate::write::Result<Self::SerializeMap> {
            Err($error)
        }

        fn serialize_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> $crate::write::Result<Self::SerializeStruct> {
            Err($error)
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> $crate::write::Result<Self::SerializeStructVariant> {
            Err($error)
        }
    };
}

pub(super) use {refuse, refuse_compounds};
