-- When a partner was last heard of, without walking its documents.

CREATE INDEX raw_document_heard ON raw_document (tenant, endpoint, received_at);
