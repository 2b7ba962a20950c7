using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>Mail by STARTTLS from a worker on a machine that trusts an authority of the test's own: with a certificate of it for the host, and with one for another.</summary>
[Category("Process")]
public sealed class TrustedMailTests : DeskFixture
{
    private DirectoryInfo folder = null!;

    [SetUp]
    public void MakeTheFolder() => folder = Directory.CreateTempSubdirectory("desk-mail-");

    [TearDown]
    public async Task LetGoOfIt()
    {
        folder.Delete(recursive: true);
        await Execute("delete from contact_point where kind = 'email'");
    }

    [TestCase("localhost", true)]
    [TestCase("another.example", false)]
    public async Task A_mail_server_with_a_trusted_certificate_is_given_the_mail_where_it_is_its_own(string name, bool given)
    {
        var (authority, certificate, key) = Certificates(name);
        await using var post = await SmtpServer.Start("--tls", "--certificate", certificate, "--key", key, "--sign-in", "desk:s3cret");
        await using var probe = await Heard.On(Owner, "probe");
        var message = await GivenAsk();

        await using var worker = RealProcess.Start(
            "Probe",
            ConnectionString,
            ["--deliver"],
            ("SSL_CERT_FILE", authority),
            ("SSL_CERT_DIR", folder.CreateSubdirectory("none").FullName),
            ("Desk__Messages__Email__Host", "localhost"),
            ("Desk__Messages__Email__Port", post.Port.ToString(CultureInfo.InvariantCulture)),
            ("Desk__Messages__Email__User", "desk"),
            ("Desk__Messages__Email__Password", "s3cret"),
            ("Desk__Messages__Email__From", "service@desk.example"),
            ("Desk__Messages__TimeoutSeconds", "60"),
            ("Desk__Messages__LeaseSeconds", "600"),
            ("Desk__Messages__LingerSeconds", "0"));
        await probe.Next("step marked");

        var (sent, failure) = (await Rows<(bool, string?)>("select sent_at is not null, last_failure from message where message_id = @message", new { message })).Single();
        Assert.That((sent, failure), Is.EqualTo((given, given ? null : "smtp certificate not trusted")));
        if (given)
        {
            var mail = await post.Next();
            Assert.That((mail.Secure, mail.User, mail.To), Is.EqualTo((true, (string?)"desk", new[] { "owner@example.org" })));
        }

        Assert.That(post.TookMore, Is.False);
    }

    private async Task<Guid> GivenAsk()
    {
        await Execute(
            """
            update community set quiet_from = '00:00', quiet_to = '00:00';
            delete from contact_point where kind = 'email';
            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'email', 'owner@example.org', 'owner@example.org');
            """,
            new { Here.CommunityId, Here.Customer });
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        await Execute("delete from message where template <> 'feedbackAsk'");
        return await Scalar<Guid>("select message_id from message where request_id = @request", new { request });
    }

    /// <summary>An authority, and a certificate that it made out to this name; each a file.</summary>
    private (string Authority, string Certificate, string Key) Certificates(string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authoritysKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=authority of the tests", authoritysKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var authority = root.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        leaf.CertificateExtensions.Add(names.Build());
        leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = leaf.Create(authority, from, to, RandomNumberGenerator.GetBytes(8));
        return (Written("authority.pem", authority.ExportCertificatePem()), Written("server.pem", certificate.ExportCertificatePem()), Written("server.key", key.ExportPkcs8PrivateKeyPem()));
    }

    private string Written(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
