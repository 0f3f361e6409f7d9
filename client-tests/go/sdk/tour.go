package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
)

// The tasks of this run, oldest first.
var tasks = struct{ text, frames, references, queued, running string }{}

func makeVideos() {
	tasks.text = mustCreate(standard, text("A lighthouse at dusk."))
	tasks.frames = mustCreate(standard, text("The bud opens."), image("first_frame"), image("last_frame"))
	tasks.references = mustCreate("doubao-seedance-2-0-fast-260128",
		text("The person in image 1 dances as in video 1 to the rhythm of audio 1."),
		image("reference_image"),
		&model.CreateContentGenerationContentItem{
			Type:     model.ContentGenerationContentItemTypeVideo,
			VideoURL: &model.VideoUrl{Url: "https://example.com/dance.mp4"},
			Role:     volcengine.String("reference_video"),
		},
		&model.CreateContentGenerationContentItem{
			Type:     model.ContentGenerationContentItemTypeAudio,
			AudioURL: &model.AudioUrl{Url: "https://example.com/beat.mp3"},
			Role:     volcengine.String("reference_audio"),
		})
	tell("created", map[string]string{
		"text": tasks.text, "frames": tasks.frames, "references": tasks.references,
	})

	made := waitFor(tasks.text, model.StatusSucceeded)
	tell("finished", map[string]any{
		"text":       describeTask(made),
		"frames":     describeTask(waitFor(tasks.frames, model.StatusSucceeded)),
		"references": describeTask(waitFor(tasks.references, model.StatusSucceeded)),
	})
	tell("downloaded", download(made.Content.VideoURL))
}

func mustCreate(name string, content ...*model.CreateContentGenerationContentItem) string {
	task, err := create(name, content...)
	must(err)
	return task
}

// Polls until a task has a status.
func waitFor(task, status string) model.GetContentGenerationTaskResponse {
	for {
		seen, err := get(task)
		must(err)
		if seen.Status == status {
			return seen
		}
		if seen.Status != model.StatusQueued && seen.Status != model.StatusRunning {
			log.Fatalf("task %s is %s, not %s", task, seen.Status, status)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func describeTask(task model.GetContentGenerationTaskResponse) any {
	return map[string]any{
		"id": task.ID, "model": task.Model, "status": task.Status, "tokens": task.Usage.TotalTokens,
	}
}

// The SDK leaves the download to its users.
func download(address string) any {
	video, err := http.Get(address)
	must(err)
	content, err := io.ReadAll(video.Body)
	must(err)
	return map[string]any{
		"protocol": video.Proto,
		"type":     video.Header.Get("Content-Type"),
		"sha256":   fmt.Sprintf("%x", sha256.Sum256(content)),
	}
}

func listTasks() any {
	tasks.queued = mustCreate(standard, text("stays queued"))
	tasks.running = mustCreate(standard, text("stays running"))
	waitFor(tasks.running, model.StatusRunning)

	number, size := 2, 2
	return map[string]any{
		// Without a filter the SDK ends the URL in a bare "?".
		"all":      list(model.ListContentGenerationTasksRequest{}),
		"byStatus": list(filtered(model.ListContentGenerationTasksFilter{Status: volcengine.String(model.StatusQueued)})),
		"byIds": list(filtered(model.ListContentGenerationTasksFilter{
			TaskIDs: []*string{&tasks.text, &tasks.frames, volcengine.String("cgt-20260101000000-other")},
		})),
		"byModel":    list(filtered(model.ListContentGenerationTasksFilter{Model: volcengine.String("doubao-seedance-2-0-fast-260128")})),
		"secondPage": list(model.ListContentGenerationTasksRequest{PageNum: &number, PageSize: &size}),
	}
}

func filtered(filter model.ListContentGenerationTasksFilter) model.ListContentGenerationTasksRequest {
	return model.ListContentGenerationTasksRequest{Filter: &filter}
}

func list(request model.ListContentGenerationTasksRequest) any {
	listed, err := client.ListContentGenerationTasks(background, request)
	must(err)
	ids := []string{}
	for _, item := range listed.Items {
		ids = append(ids, item.ID)
	}
	return map[string]any{"total": listed.Total, "ids": ids}
}

// Deletes a task in each of three states; then looks what is left of it.
func deleteTasks() any {
	outcomes := map[string]any{}
	for state, task := range map[string]string{"queued": tasks.queued, "running": tasks.running, "finished": tasks.text} {
		outcome := map[string]any{"task": task}
		if err := client.DeleteContentGenerationTask(background, model.DeleteContentGenerationTaskRequest{ID: task}); err != nil {
			outcome["refused"] = describe(err)
		}
		if left, err := get(task); err != nil {
			outcome["left"] = describe(err)
		} else {
			outcome["left"] = left.Status
		}
		outcomes[state] = outcome
	}
	return outcomes
}

// One error of each status. What the service does not answer of itself, faults of the scenario do.
func provokeErrors() any {
	failures := map[string]any{}
	fail := func(status string, err error) {
		if err == nil {
			log.Fatalf("expected an error %s", status)
		}
		failures[status] = describe(err)
	}

	_, err := create(standard, text("Roles are missing."), image(""), image(""))
	fail("400", err)
	_, err = connect(" ").GetContentGenerationTask(background, model.GetContentGenerationTaskRequest{ID: tasks.frames})
	fail("401", err)
	_, err = get("cgt-20260101000000-other")
	fail("404", err)
	fail("409", client.DeleteContentGenerationTask(background, model.DeleteContentGenerationTaskRequest{ID: tasks.running}))
	for _, status := range []string{"403", "429", "500"} {
		_, err = get("answers-" + status)
		fail(status, err)
	}
	return failures
}
