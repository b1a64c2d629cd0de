// Made by `npm run generate`.
/** What the configuration means where it says nothing; from `schemas/Config*.json`. */
export const DEFAULTS = {
  "Config": {
    "allowLoopbackWebhooks": false
  },
  "ConfigAccess": {
    "linkSeconds": 86400,
    "presignSeconds": 900,
    "grantCacheSeconds": 10,
    "marginSeconds": 3600
  },
  "ConfigAuthPassthrough": {
    "proofSeconds": 60
  },
  "ConfigEndpoint": {
    "upstream": "https://api.runpod.ai/v2",
    "access": "job-bucket",
    "stage": "over-limit",
    "stageMinBytes": 65536,
    "rules": [],
    "runMaxBytes": 10485760,
    "runsyncMaxBytes": 20971520,
    "graceSeconds": 3600
  },
  "ConfigKey": {
    "scopes": []
  },
  "ConfigLimits": {
    "nesting": 512,
    "keyBytes": 1024,
    "smallBodyBytes": 65536,
    "idleTimeoutMs": 60000,
    "webhookMaxBytes": 33554432,
    "upstreamIdleTimeoutMs": 330000
  },
  "ConfigRule": {
    "encoding": "base64"
  },
  "ConfigStaging": {
    "partBytes": 6291456,
    "partsInFlight": 2
  },
  "ConfigStore": {
    "pathStyle": true
  }
} as const
