/** The part of oidc-provider 9 that the development issuer uses; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Client {
    readonly clientId: string
    grantTypeAllowed(grantType: string): boolean
  }

  /** Access token, refresh token or client-credentials token, as its model keeps it. */
  export interface Token {
    readonly kind: string
    readonly clientId: string
    readonly expiration: number
    readonly accountId?: string
    readonly grantId?: string
    readonly sessionUid?: string
    readonly gty?: string
    readonly authTime?: number
    scope?: string
    resourceServer?: unknown
    save(): Promise<string>
    generateTokenId(): string
  }

  export interface IdToken {
    scope: string
    mask: object
    rejected: string[]
    issue(options: { use: 'idtoken' }): Promise<string>
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface Context {
    body: unknown
    set(fields: Record<string, string>): void
    readonly oidc: {
      readonly provider: Provider
      readonly client: Client
      readonly params: Record<string, string | undefined>
      readonly account: { readonly accountId: string }
      readonly session: { grantIdFor(clientId: string): string | undefined }
      readonly entities: Record<string, Token | undefined>
      entity(name: string, value: unknown): void
    }
  }

  export interface Account {
    readonly accountId: string
    claims(use: string, scope: string): Record<string, unknown>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly AccessToken: new (
      fields: object,
    ) => Token
    readonly RefreshToken: {
      new (fields: object): Token
      prototype: Token
      find(value: string): Promise<Token | undefined>
      revokeByGrantId(grantId: string): Promise<void>
    }
    readonly IdToken: new (
      claims: object,
      options: { ctx: Context },
    ) => IdToken
    readonly ResourceServer: new (
      identifier: string,
      info: object,
    ) => unknown
    readonly Grant: { new (fields: object): Grant; find(id: string): Promise<Grant | undefined> }
    registerGrantType(name: string, handler: (ctx: Context) => Promise<void>, parameters: readonly string[]): void
    on(event: string, listener: (ctx: Context, error: Error) => void): void
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{
      readonly uid: string
      readonly params: { readonly client_id: string; readonly redirect_uri?: string }
    }>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }

  export const errors: {
    readonly InvalidGrant: new (detail: string) => Error
    readonly InvalidScope: new (description: string, scope: string) => Error
    readonly InvalidTarget: new () => Error
  }

  export const interactionPolicy: { base(): { remove(name: string): void } }
}
