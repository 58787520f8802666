/**
 * @file The networks that Floe knows by name. Any other is a network file.
 *
 * Object IDs are those the Walrus project publishes for its two public networks. Each has the one
 * endpoint that its makers run: what it says is checked, but nobody else vouches that it is new.
 * No second operator documents one for both networks that answers gRPC-web without a key of its
 * own, and JSON-RPC is switched off there. A network file with a second operator's endpoint adds
 * what is missing; its URL may carry a key in the path.
 */

export const PUBLIC_NETWORKS = {
  testnet: {
    name: 'testnet',
    rpc: [{ transport: 'grpc-web', url: 'https://fullnode.testnet.sui.io:443' }],
    walrus: {
      systemObjectId: '0x6c2547cbbc38025cf3adac45f63cb0a8d12ecf777cdc75a4971612bf97fdf6af',
      stakingObjectId: '0xbe46180321c30aab2f8b3501e24048377287fa708018a5b7c2792b35fe339ee3',
      exchangeObjectIds: [
        '0xf4d164ea2def5fe07dc573992a029e010dba09b1a8dcbc44c5c2e79567f39073',
        '0x19825121c52080bb1073662231cfea5c0e4d905fd13e95f21e9a018f2ef41862',
        '0x83b454e524c71f30803f4d6c302a86fb6a39e96cdfb873c2d1e93bc1c26a3bc5',
        '0x8d63209cf8589ce7aef8f262437163c67577ed09f3e636a9d8e0813843fb8bf1',
      ],
    },
    faucet: { url: 'https://faucet.testnet.sui.io/v2/gas' },
    uploadRelay: { url: 'https://upload-relay.testnet.walrus.space' },
    transactions: { expiration: 'default' },
    nodes: { scheme: 'https', trust: 'pinned' },
  },
  mainnet: {
    name: 'mainnet',
    rpc: [{ transport: 'grpc-web', url: 'https://fullnode.mainnet.sui.io:443' }],
    walrus: {
      systemObjectId: '0x2134d52768ea07e8c43570ef975eb3e4c27a39fa6396bef985b5abc58d03ddd2',
      stakingObjectId: '0x10b9d30c28448939ce6c4d6c6e0ffce4a7f8a4ada8248bdad09ef8b70e4a3904',
      exchangeObjectIds: [],
    },
    uploadRelay: { url: 'https://upload-relay.mainnet.walrus.space' },
    transactions: { expiration: 'default' },
    nodes: { scheme: 'https', trust: 'pinned' },
  },
} as const;

export type PublicNetworkName = keyof typeof PUBLIC_NETWORKS;

/** The name that means the network embedded on this computer. */
export const TRY_OUT_NETWORK_NAME = 'local';
