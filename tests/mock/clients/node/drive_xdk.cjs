// X's xdk for JavaScript: v2, OAuth 1.0a and OAuth 2.0.
const fs = require("node:fs");
const { Client, OAuth1 } = require("@xdevplatform/xdk");
const task = JSON.parse(process.argv[2]);

const client =
  task.auth === "oauth1"
    ? new Client({
        baseUrl: task.url,
        oauth1: new OAuth1({
          apiKey: task.consumer_key,
          apiSecret: task.consumer_secret,
          callback: "oob",
          accessToken: task.access_token,
          accessTokenSecret: task.access_token_secret,
        }),
      })
    : new Client({ baseUrl: task.url, accessToken: task.oauth2_access_token });

async function main() {
  const bytes = fs.readFileSync(task.video);
  const begun = await client.media.initializeUpload({
    totalBytes: bytes.length,
    mediaType: "video/mp4",
    mediaCategory: "tweet_video",
  });
  const video = begun.data.id;
  const step = 1024 * 1024;
  for (let index = 0; index * step < bytes.length; index += 1) {
    const media = bytes.subarray(index * step, (index + 1) * step).toString("base64");
    await client.media.appendUpload(video, { segmentIndex: index, media });
  }
  const ended = await client.media.finalizeUpload(video);
  let info = ended.data.processingInfo ?? ended.data.processing_info;
  while (info.state !== "succeeded") {
    await new Promise((resolve) => setTimeout(resolve, 1000 * (info.checkAfterSecs ?? info.check_after_secs)));
    const answer = await client.media.getUploadStatus(video, { command: "STATUS" });
    info = answer.data.processingInfo ?? answer.data.processing_info;
  }
  const sent = await client.media.upload({
    media: fs.readFileSync(task.image).toString("base64"),
    mediaCategory: "tweet_image",
  });
  console.log(JSON.stringify({ video, image: sent.data.id }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
