"""Channel Adapters (EIP): ways in and out, transport only. They know no partner and no message."""
