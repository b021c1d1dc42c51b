"""How values are written in XML-RPC. There is nobody to call: a page reaches no other site."""
