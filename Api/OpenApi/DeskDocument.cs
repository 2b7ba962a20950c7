using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace PropertyServiceDesk.Api.OpenApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>, and a page to read and try it at <c>/openapi/</c>. Both are for anybody.</summary>
internal static class DeskDocument
{
    private const string Name = "v1";

    public static IServiceCollection AddDeskDocument(this IServiceCollection services)
    {
        services.AddSingleton<DocComments>();
        services.AddSingleton<SchemasOfDocuments>();
        return services.AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.CreateSchemaReferenceId = _ => null; // the schemas are ours: see Schemas
            options.AddOperationTransformer<Operations>();
            options.AddDocumentTransformer<Whole>();
        });
    }

    public static void UseDeskDocument(this WebApplication app)
    {
        // It is the same until the program is another one: made once, on the first call.
        var made = new Lazy<Task<byte[]>>(async () =>
        {
            await using var scope = app.Services.CreateAsyncScope();
            var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync(CancellationToken.None);
            return Encoding.UTF8.GetBytes((await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1)).ReplaceLineEndings("\n") + "\n");
        });
        app.MapGet($"/openapi/{Name}.json", async () => TypedResults.Bytes(await made.Value, "application/json")).AllowAnonymous().ExcludeFromDescription();
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "openapi";
            page.DocumentTitle = Whole.Title;
            page.SwaggerEndpoint($"/openapi/{Name}.json", Whole.Title);
            page.EnableTryItOutByDefault();
        });
    }
}
