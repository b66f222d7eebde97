// Signing in at the municipality's own identity provider: by OpenID Connect, with an authorization code that only this tab can use.
import * as oauth from "oauth4webapi";
import { type Issuer, RETURN, takeDeparture } from "./provider";

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/** Goes to the identity provider; what is needed on the return stays in this tab. */
export async function depart(issuer: Issuer): Promise<void> {
  const server = await discover(issuer);
  if (!server.authorization_endpoint) throw new Error("The issuer has no address to sign in at.");
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ];
  RETURN.keep({ verifier, state, nonce, wanted: window.location.pathname + window.location.search });
  const address = new URL(server.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: issuer.clientId,
    redirect_uri: RETURN.address(),
    response_type: "code",
    // What comes back stands in the fragment, which no server is sent.
    response_mode: "fragment",
    scope: "openid profile",
    audience: issuer.audience,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  })) {
    address.searchParams.set(name, value);
  }
  window.location.assign(address);
}

/** Returns the token that the answer is exchanged for, and the address that was wanted; throws where it is not ours. */
export async function arrive(issuer: Issuer, answer: string): Promise<{ token: string; wanted: string }> {
  const departure = takeDeparture();
  if (!departure) throw new Error("Nobody has left from this tab.");
  const { verifier, state, nonce, wanted } = departure;
  const [server, client] = [await discover(issuer), { client_id: issuer.clientId }];
  const parameters = oauth.validateAuthResponse(server, client, new URLSearchParams(answer), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    RETURN.address(),
    verifier,
    permit(issuer),
  );
  const expected = { expectedNonce: nonce, requireIdToken: true };
  const { access_token: token } = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
  return { token, wanted };
}

async function discover(issuer: Issuer): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer.issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, permit(issuer)));
}

/** Plain http is for an issuer on this very machine, as the server has it too. */
function permit(issuer: Issuer) {
  return { [oauth.allowInsecureRequests]: LOOPBACK.test(new URL(issuer.issuer).hostname) };
}
