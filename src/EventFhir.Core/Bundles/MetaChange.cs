namespace EventFhir.Core.Bundles;

/// <summary>What becomes of the sets of labels in Meta: $meta-add and $meta-delete (R4 resource-operations.html).</summary>
public enum MetaChange { Add, Delete }
