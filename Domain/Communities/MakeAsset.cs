using System.Security.Cryptography;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A lift, a pump, a gate: something that can be reported by the QR code on it.</summary>
/// <param name="Kind">A word of the community's own, for example <c>lift</c>: 1–40 characters.</param>
/// <param name="Code">Unique in the community: 1–40 characters.</param>
/// <param name="QrCode">8–64 letters, digits and hyphens, unique everywhere; made where it is left out.</param>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record MakeAsset(
    [property: JsonIgnore] Guid CommunityId, Guid PlaceId, string Kind, string Code, string Name, string? NameEn = null, string? QrCode = null) : ICommand<AssetReply>
{
    public sealed class Validator : AbstractValidator<MakeAsset>
    {
        public Validator()
        {
            RuleFor(c => c.Kind).PlainText(40);
            RuleFor(c => c.Code).PlainText(40);
            RuleFor(c => c.Name).PlainText(200);
            RuleFor(c => c.NameEn).OptionalPlainText(200);
            RuleFor(c => c.QrCode).Matches(@"^[A-Za-z0-9-]{8,64}\z").WithErrorCode("qr_code.malformed").WithMessage("A QR code has 8 to 64 letters, digits and hyphens.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<MakeAsset, AssetReply>
    {
        private const string Place = """
            select m.community_id, p.place_id
            from community m
            left join place p on p.community_id = m.community_id and p.place_id = @PlaceId and p.retired_at is null
            where m.community_id = @CommunityId
            """;

        private const string Write = """
            insert into asset (community_id, asset_id, place_id, kind, code, name, name_en, qr_code)
            values (@CommunityId, @AssetId, @PlaceId, @Kind, @Code, @Name, @NameEn, @QrCode)
            """;

        private sealed record Row(Guid CommunityId, Guid? PlaceId);

        public async Task<AssetReply> Handle(MakeAsset command, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Place, new { command.CommunityId, command.PlaceId }, cancellationToken) ?? throw new Refused.NotFound("community");
            caller.MustBeAllowedIn(command.CommunityId);
            if (row.PlaceId is null)
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }

            var id = Guid.CreateVersion7(clock.Now());
            var qrCode = command.QrCode ?? RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 20);
            try
            {
                await db.Run(Write, new { command.CommunityId, AssetId = id, command.PlaceId, command.Kind, command.Code, command.Name, command.NameEn, QrCode = qrCode }, cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "place_in_use" })
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "asset_code_is_unique" })
            {
                throw new Refused.Conflict("asset.code_taken", "There is an asset with this code.");
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "asset_qr_code_is_unique" })
            {
                throw new Refused.Conflict("asset.qr_code_taken", "This QR code is on something else already.");
            }

            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.AssetMade, new { assetId = id, command.PlaceId }, $"{command.Kind} {command.Code}", Visibility.Desk);
            return new AssetReply(id, qrCode);
        }
    }
}

public sealed record AssetReply(Guid AssetId, string QrCode);
