-- Nobody uses it: what partners owe is in the acknowledgements of `process` and `projection`.

DROP TABLE expected_ack;
