from app.cli.main import program

program()
