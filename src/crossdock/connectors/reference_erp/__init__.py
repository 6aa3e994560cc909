"""An ERP that speaks the published system API: orders in, references and postings out."""
