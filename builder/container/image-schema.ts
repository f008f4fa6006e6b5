import { z } from 'zod';

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .transform((text) => text.slice('sha256:'.length));
const descriptor = z.object({ mediaType: z.string().optional(), digest, size: z.int().nonnegative() });
export type Descriptor = z.output<typeof descriptor>;

/** OCI image specification 1.1; Docker's own, of its second version, differ in their media types alone. */
export const indexSchema = z.object({
  manifests: z.array(descriptor.extend({ platform: z.object({ architecture: z.string(), os: z.string() }).optional() })),
});

export const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor).min(1) });

const texts = z.array(z.string()).nullish();

export const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({
      User: z.string().nullish(),
      Env: texts,
      Entrypoint: texts,
      Cmd: texts,
      WorkingDir: z.string().nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      StopSignal: z.string().nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(digest) }),
});
/** How an image wants its program started. */
export type ImageConfig = NonNullable<z.output<typeof configSchema>['config']>;
