// A whole participant of sagas: it reserves seats of a show and gives them back.
//
//	go run seats.go PORT FILE        needs nothing but Go 1.19 or newer
//
// docs/participants.md says why. Go comes without a database driver, so the transaction here is a line that is appended to
// FILE: the effect and the record of the call are in the same line, and both count when it is on disk. That is right for one
// process whose data fit into memory; for more take database/sql with postgres.sql or mysql.sql.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// Record is one line of the file: what a call did and what it was answered with.
type Record struct {
	ID       int            `json:"id"`
	At       time.Time      `json:"at"`
	RunID    string         `json:"runId"`
	StepID   string         `json:"stepId"`
	Action   string         `json:"action"`
	Attempt  int            `json:"attempt"`
	BodyHash string         `json:"bodyHash"`
	Kind     string         `json:"kind"`
	Effect   int            `json:"effect"`
	Seats    int            `json:"seats"`
	Status   int            `json:"status"`
	Answer   map[string]any `json:"answer"`
}

var (
	mutex        sync.Mutex // held from the look to the end of the commit: the same call once more waits for the first
	file         *os.File
	records      []Record
	calls        = map[[3]string]Record{} // by run, step and action
	reservations = map[[2]string]int{}    // seats by run and step
	left         = 1000
)

func apply(record Record) {
	records = append(records, record)
	calls[[3]string{record.RunID, record.StepID, record.Action}] = record
	if record.Kind == "effect" {
		reservations[[2]string{record.RunID, record.StepID}] = record.Seats
	}
	left -= record.Effect * record.Seats
}

// Reads the file. What is behind the last line feed was cut off by a crash: it was never answered, and is taken away.
func open(name string) {
	text, err := os.ReadFile(name)
	if !os.IsNotExist(err) {
		must(err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	for _, line := range bytes.Split(text, []byte("\n")) {
		var record Record
		if len(line) > 0 {
			must(json.Unmarshal(line, &record))
			apply(record)
		}
	}
	file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(err)
	must(file.Truncate(int64(len(text))))
}

func commit(record Record) Record {
	line, err := json.Marshal(record)
	must(err)
	_, err = file.Write(append(line, '\n'))
	must(err)
	must(file.Sync())
	apply(record)
	return record
}

func once(run, step, action string, seats int) Record {
	mutex.Lock()
	defer mutex.Unlock()
	if _, undone := calls[[3]string{run, step, "compensate"}]; undone && action == "execute" {
		return Record{Status: 409, Answer: map[string]any{"detail": "This action has been undone."}}
	}
	if seen, ok := calls[[3]string{run, step, action}]; ok {
		return seen
	}
	call := Record{ID: len(records) + 1, At: time.Now().UTC(), RunID: run, StepID: step, Action: action, Status: 200}
	if action == "compensate" {
		// Found by run and step: the reservation's answer may never have reached the engine.
		if seats, ok := reservations[[2]string{run, step}]; ok {
			call.Kind, call.Effect, call.Seats, call.Answer = "undo", -1, seats, map[string]any{"seats": seats}
		} else {
			call.Kind, call.Answer = "null_compensation", map[string]any{"detail": "There was nothing to undo."}
		}
	} else if seats < 1 {
		call.Kind, call.Status, call.Answer = "rejected", 422, map[string]any{"detail": "How many seats?"}
	} else if seats <= left {
		call.Kind, call.Effect, call.Seats, call.Answer = "effect", 1, seats, map[string]any{"seats": seats}
	} else {
		call.Kind, call.Status, call.Answer = "rejected", 422, map[string]any{"detail": "Sold out."}
	}
	return commit(call)
}

func call(action string) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		run, step := request.Header.Get("X-Saga-Run-Id"), request.Header.Get("X-Saga-Step-Id")
		if run == "" || step == "" || request.Header.Get("X-Saga-Action") != action {
			answer(response, 404, map[string]any{"detail": "There is no such call."})
			return
		}
		body := struct{ Seats int }{1}
		// Without a valid body nothing is done, and 400 says so.
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
			answer(response, 400, map[string]any{"detail": "A body in JSON is needed."})
			return
		}
		record := once(run, step, action, body.Seats)
		answer(response, record.Status, record.Answer)
	}
}

func answer(response http.ResponseWriter, status int, value any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_ = json.NewEncoder(response).Encode(value)
}

// If a line can't be written (the disk is full), the process ends here, nothing was answered, and the next start cuts off the
// half line.
func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// For `saga check` (docs/reliability.md): what was done, in the order in which it was.
func ledger(response http.ResponseWriter, request *http.Request) {
	mutex.Lock()
	defer mutex.Unlock()
	after, _ := strconv.Atoi(request.FormValue("after"))
	limit, _ := strconv.Atoi(request.FormValue("limit"))
	end, next := len(records), any(nil)
	if limit > 0 && after+limit < end {
		end = after + limit
		next = end
	}
	answer(response, 200, map[string]any{"entries": append([]Record{}, records[after:end]...), "next": next})
}

func main() {
	open(os.Args[2])
	http.HandleFunc("/reserve", call("execute"))
	http.HandleFunc("/release", call("compensate"))
	http.HandleFunc("/ledger", ledger)
	http.HandleFunc("/health", func(response http.ResponseWriter, _ *http.Request) { answer(response, 200, struct{}{}) })
	http.HandleFunc("/seats", func(response http.ResponseWriter, _ *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		answer(response, 200, map[string]any{"left": left})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
