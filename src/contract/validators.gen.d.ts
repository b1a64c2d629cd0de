// Made by `npm run generate`.
/** One fault, as Ajv reports it; holds no part of the value. */
export interface Fault {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly propertyName?: string
  readonly message?: string
}
/** True when the value fits; otherwise `errors` says why, until the next call. */
export interface Validate {
  (value: unknown): boolean
  errors?: readonly Fault[] | null
}
export declare const validateConfig: Validate
export declare const validateTokenRequest: Validate
export declare const validateUploadRequest: Validate
export declare const validatePartsRequest: Validate
export declare const validateCompleteRequest: Validate
