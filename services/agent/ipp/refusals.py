"""IPP error statuses that will come again with the same request, and the reason that each gives a task."""

from libs.ipp.enums import Status

#: Refusals that concern the document or the ticket: the same request will be refused again.
FINAL: dict[int, str] = {
    Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED: "unsupported-document-format",
    Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED: "unsupported-attributes-or-values",
    Status.CLIENT_ERROR_CONFLICTING_ATTRIBUTES: "unsupported-attributes-or-values",
    Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE: "document-unprintable-error",
    Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG: "unsupported-attributes-or-values",
    Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED: "unsupported-compression",
    Status.CLIENT_ERROR_COMPRESSION_ERROR: "compression-error",
    Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR: "document-format-error",
    Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR: "document-access-error",
    Status.CLIENT_ERROR_DOCUMENT_PASSWORD_ERROR: "document-password-error",
    Status.CLIENT_ERROR_DOCUMENT_PERMISSION_ERROR: "document-permission-error",
    Status.CLIENT_ERROR_DOCUMENT_SECURITY_ERROR: "document-security-error",
    Status.CLIENT_ERROR_DOCUMENT_UNPRINTABLE_ERROR: "document-unprintable-error",
    Status.CLIENT_ERROR_BAD_REQUEST: "aborted-by-system",
}
