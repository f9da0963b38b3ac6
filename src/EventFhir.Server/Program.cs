using EventFhir.Model.Definitions;

Console.Error.WriteLine($"eventfhir {typeof(Release).Assembly.GetName().Version}");
return 0;
