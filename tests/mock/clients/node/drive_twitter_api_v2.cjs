// twitter-api-v2: v1.1 with OAuth 1.0a, v2 with OAuth 1.0a and OAuth 2.0.
const fs = require("node:fs");
const task = JSON.parse(process.argv[2]);

// The library has its hosts in constants and always speaks TLS: its requests are led to the mock server.
const https = require("node:https");
const http = require("node:http");
const mock = new URL(task.url);
https.request = (options, callback) =>
  http.request({ ...options, protocol: "http:", hostname: mock.hostname, host: mock.hostname, port: mock.port, agent: undefined,
    headers: { ...options.headers, host: options.hostname ?? options.host } }, callback);

const { TwitterApi } = require("twitter-api-v2");
const client =
  task.auth === "oauth1"
    ? new TwitterApi({
        appKey: task.consumer_key,
        appSecret: task.consumer_secret,
        accessToken: task.access_token,
        accessSecret: task.access_token_secret,
      })
    : new TwitterApi(task.oauth2_access_token);

async function main() {
  let video, image;
  if (task.api === "1.1") {
    video = await client.v1.uploadMedia(task.video, { mimeType: "video/mp4", target: "tweet", longVideo: false });
    image = await client.v1.uploadMedia(task.image, { mimeType: "image/png" });
    await client.v1.createMediaMetadata(image, { alt_text: { text: "a picture" } });
  } else {
    video = await client.v2.uploadMedia(fs.readFileSync(task.video), { media_type: "video/mp4" });
    image = await client.v2.uploadMedia(fs.readFileSync(task.image), { media_type: "image/png" });
    await client.v2.createMediaMetadata(image, { alt_text: { text: "a picture" } });
  }
  console.log(JSON.stringify({ video, image }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
