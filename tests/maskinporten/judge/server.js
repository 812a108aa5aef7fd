// An OAuth server that was not written here, with the grant of RFC 7523, as Maskinporten has it.
//
// Signatures, keys, clients, replays and tokens are those of oidc-provider and jose. It takes its
// clients as JSON in its first argument: client_id, scope, and jwks or the PEM of an authority.
// It writes its address in a line, and ends when its input does.

import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import {
  createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify,
} from 'jose';
import Provider, { errors } from 'oidc-provider';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const AUTHORITY = 'iso6523-actorid-upis';
const clients = JSON.parse(process.argv[2]);
const signing = await generateKeyPair('RS256', { extractable: true });
const authorities = new Map(clients.map((each) => [each.client_id, each.authority]));

function keyOfChain(x5c, authority) {
  if (!Array.isArray(x5c) || !authority) throw new Error('x5c is not expected');
  const root = new X509Certificate(authority);
  const chain = x5c.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
  [...chain, root].reduce((below, above) => {
    const same = below.fingerprint256 === above.fingerprint256;
    if (!same && !(below.checkIssued(above) && below.verify(above.publicKey))) {
      throw new Error('the certificates are not a chain');
    }
    return above;
  });
  if (chain.some((each) => new Date(each.validTo) < new Date())) throw new Error('it has ended');
  return chain[0].publicKey;
}

async function verified(assertion, client, provider) {
  const { x5c, kid } = decodeProtectedHeader(assertion);
  if (Boolean(x5c) === Boolean(kid)) throw new Error('either kid or x5c is required');
  const key = x5c ? keyOfChain(x5c, authorities.get(client.clientId)) : createLocalJWKSet(client.jwks);
  const { payload } = await jwtVerify(assertion, key, {
    algorithms: ['RS256', 'RS384', 'RS512'],
    audience: provider.issuer,
    issuer: client.clientId,
    maxTokenAge: 120,
    requiredClaims: ['exp', 'iat', 'jti', 'scope'],
  });
  if (payload.exp - payload.iat > 120) throw new Error('it lives too long');
  if (!(await provider.ReplayDetection.unique(payload.iss, payload.jti, payload.exp))) {
    throw new Error('jti was used before');
  }
  return payload;
}

async function grant(ctx) {
  const { client, params, provider } = ctx.oidc;
  const claims = await verified(params.assertion, client, provider).catch((error) => {
    throw new errors.CustomOIDCProviderError('invalid_grant', error.message);
  });
  const allowed = new Set(client.scope.split(' '));
  const lost = claims.scope.split(' ').find((each) => !allowed.has(each));
  if (lost) throw new errors.InvalidScope('the scope is not allowed', lost);
  const token = new provider.ClientCredentials({ client, scope: claims.scope });
  token.resourceServer = new provider.ResourceServer('urn:sdir', {
    audience: 'urn:sdir', scope: client.scope, accessTokenFormat: 'jwt', accessTokenTTL: 90,
  });
  token.consumer = claims.consumer_org ?? '991825827';
  const value = await token.save();
  ctx.body = {
    access_token: value, expires_in: token.expiration, token_type: 'Bearer', scope: token.scope,
  };
}

async function nameClient(ctx, next) {
  // The assertion names the client; the library wants to know it first, from a parameter.
  if (ctx.path === '/token') {
    const chunks = await ctx.req.toArray();
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    form.set('client_id', decodeJwt(form.get('assertion')).iss);
    ctx.req.body = form.toString();
  }
  await next();
}

const listening = createServer();
listening.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${listening.address().port}`;
  const provider = new Provider(issuer, {
    clients: clients.map(({ authority, ...client }) => ({
      ...client, grant_types: [GRANT], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'none',
    })),
    cookies: { keys: ['unused'] },
    jwks: { keys: [{ ...(await exportJWK(signing.privateKey)), kid: 'signing', use: 'sig' }] },
    scopes: clients.flatMap((each) => each.scope.split(' ')),
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    extraTokenClaims: (_, { consumer }) => ({
      consumer: { authority: AUTHORITY, ID: `0192:${consumer}` },
    }),
  });
  provider.registerGrantType(GRANT, grant, ['assertion']);
  provider.use(nameClient);
  provider.on('server_error', (_, error) => console.error(error));
  listening.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit());
