"""A slow legacy ERP: order files in a folder in, one small file for each thing we tell it out."""
