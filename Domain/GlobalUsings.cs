global using System.Text.Json.Serialization;
global using Dapper;
global using PropertyServiceDesk.Domain.Plumbing;
global using PropertyServiceDesk.Domain.Rules;
global using MediatR;
global using Npgsql;
