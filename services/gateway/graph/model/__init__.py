"""What there is at this door as OData describes it: types, enumerations, and how one leads to another."""
