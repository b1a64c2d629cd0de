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
  "ConfigAuthJwt": {
    "algorithms": [
      "RS256",
      "ES256",
      "EdDSA"
    ],
    "endpointsClaim": "bulkway_endpoints",
    "maxBytesClaim": "bulkway_max_bytes",
    "scopesClaim": "bulkway_scopes"
  },
  "ConfigAuthKeys": {
    "tokenMaxSeconds": 3600
  },
  "ConfigAuthPassthrough": {
    "proofSeconds": 60
  },
  "ConfigCors": {
    "maxAgeSeconds": 600
  },
  "ConfigEndpoint": {
    "upstream": "https://api.runpod.ai/v2",
    "access": "job-bucket",
    "stage": "over-limit",
    "stageMinBytes": 65536,
    "rules": [],
    "contentAddressed": false,
    "contentAddressedMaxObjects": 100,
    "runMaxBytes": 10485760,
    "runsyncMaxBytes": 20971520,
    "outputMaxBytes": 1099511627776,
    "outputMaxObjects": 100000,
    "inlineMaxBytes": 1073741824,
    "inlineMaxObjects": 100,
    "linkOutputKeys": false,
    "files": "stream",
    "graceSeconds": 3600,
    "volumes": "configured",
    "severalVolumes": "refuse",
    "volumeWrites": true
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
    "upstreamIdleTimeoutMs": 330000,
    "batchItems": 1000,
    "mintTimeoutMs": 10000,
    "formParts": 1000,
    "formNameBytes": 1024,
    "formHeaderBytes": 8192,
    "listedOutputs": 1000,
    "payloadBytes": 62914560000
  },
  "ConfigLoadBalancer": {
    "upstream": "https://{endpointId}.api.runpod.ai",
    "maxBytes": 31457280,
    "idleTimeoutMs": 480000,
    "headers": [],
    "rules": [],
    "proof": "health"
  },
  "ConfigLoadBalancerRule": {
    "encoding": "base64"
  },
  "ConfigOidc": {
    "tokenSeconds": 60
  },
  "ConfigRetention": {
    "default": "job",
    "minSeconds": 60,
    "maxSeconds": 2592000,
    "persistent": false
  },
  "ConfigRule": {
    "encoding": "base64"
  },
  "ConfigRunpod": {
    "restUrl": "https://rest.runpod.io/v1",
    "cacheSeconds": 300,
    "timeoutMs": 10000
  },
  "ConfigS3ConfigFields": {
    "accessId": "accessId",
    "accessSecret": "accessSecret",
    "bucketName": "bucketName",
    "endpointUrl": "endpointUrl"
  },
  "ConfigScrub": {
    "shapes": [
      "aws-error",
      "aws-secret",
      "runpod-key",
      "gateway-key"
    ]
  },
  "ConfigSessions": {
    "exclusive": true,
    "keepSeconds": 2592000,
    "waitSeconds": 60,
    "maxBytes": 1099511627776,
    "maxObjects": 100000
  },
  "ConfigStaging": {
    "partBytes": 6291456,
    "partsInFlight": 2
  },
  "ConfigStore": {
    "mountPath": "/runpod-volume",
    "prefix": "bulkway/",
    "exclusive": false,
    "completePollSeconds": 2,
    "completeMaxSeconds": 900
  },
  "ConfigStoreB2": {
    "endpoint": "https://api.backblazeb2.com"
  },
  "ConfigStoreSts": {
    "maxSeconds": 3600
  },
  "ConfigStoreWebIdentity": {
    "audience": "sts.amazonaws.com",
    "maxSeconds": 3600
  },
  "ConfigSweep": {
    "cron": "13 * * * *",
    "requests": 800,
    "requestsPerSecond": 50
  },
  "ConfigUploads": {
    "partBytes": 16777216,
    "maxBytes": 5497558138880,
    "signedParts": 20,
    "openSeconds": 86400,
    "keepSeconds": 604800,
    "persist": false
  },
  "ConfigWebhooks": {
    "durable": false,
    "ed25519MaxBytes": 262144,
    "attemptSeconds": 300,
    "pollSeconds": 5
  }
} as const
