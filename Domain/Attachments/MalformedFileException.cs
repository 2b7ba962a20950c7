namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The bytes are not what their kind says they must be. The only exception that reading an attachment's structure throws on account of its content.</summary>
public sealed class MalformedFileException(string why) : Exception(why);
